// SPDX-License-Identifier: PostgreSQL

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/** JDBC with pgjdbc. See t/lib/PgJump/Client.pm. */
public class Pgjdbc {
	private static Connection connection;

	private static void answer(String what, String... fields) {
		StringBuilder line = new StringBuilder(what);
		for (String field : fields)
			line.append('\t').append(field.replace("\\", "\\\\")
				.replace("\n", "\\n").replace("\t", "\\t"));
		System.out.println(line);
	}

	// The words of an exception and of its causes, as a stack trace has them.
	private static String words(Throwable thrown) {
		StringBuilder all = new StringBuilder(thrown.getMessage());
		for (Throwable cause = thrown.getCause(); cause != null;
		    cause = cause.getCause())
			all.append("\nCaused by: ").append(cause.getMessage());
		return all.toString();
	}

	private static void close() {
		try {
			if (connection != null)
				connection.close();
		} catch (SQLException ignored) {
			// it was lost before
		}
		connection = null;
	}

	// HOST PORT USER PASSWORD DBNAME SSLMODE ROOT
	private static void connect(String[] with) throws SQLException {
		Properties properties = new Properties();
		properties.setProperty("user", with[3]);
		properties.setProperty("password", with[4]);
		properties.setProperty("sslmode", with[6]);
		if (!with[7].isEmpty())
			properties.setProperty("sslrootcert", with[7]);
		connection = DriverManager.getConnection("jdbc:postgresql://"
			+ with[1] + ":" + with[2] + "/" + with[5], properties);
	}

	private static String query(String sql) throws SQLException {
		if (connection == null)
			throw new SQLException("not connected");
		try (Statement statement = connection.createStatement()) {
			if (!statement.execute(sql))
				return "";
			ResultSet result = statement.getResultSet();
			return result.next() ? String.valueOf(result.getString(1)) : "";
		}
	}

	private static String obey(String[] with) throws SQLException {
		switch (with[0]) {
		case "query":
			return query(with[1]);
		case "begin":
			connection.setAutoCommit(false);
			break;
		case "commit":
			connection.commit();
			break;
		default:
			close();
			if (with[0].equals("connect"))
				connect(with);
		}
		return "";
	}

	public static void main(String[] arguments) throws Exception {
		BufferedReader in =
			new BufferedReader(new InputStreamReader(System.in));
		String line;
		while ((line = in.readLine()) != null) {
			try {
				answer("ok", obey(line.split("\t", -1)));
			} catch (SQLException error) {
				String state = error.getSQLState();
				answer("error", state == null ? "" : state,
					words(error));
			}
		}
	}
}
