// SPDX-License-Identifier: PostgreSQL
// pgjdbc with a URL: what a query answers.

import java.sql.DriverManager;

class Jdbc {
	public static void main(String[] words) throws Exception {
		try (var connection = DriverManager.getConnection(words[1]);
		     var statement = connection.createStatement();
		     var rows = statement.executeQuery(words[0])) {
			rows.next();
			System.out.println(rows.getString(1));
		}
	}
}
