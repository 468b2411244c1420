# SPDX-License-Identifier: PostgreSQL
#
# Sequel and ActiveRecord, with ruby-pg.  See t/lib/PgJump/Client.pm.
#
#	ruby ruby.rb sequel|active_record
require ARGV[0]

def answer(what, *fields)
  names = { '\\' => '\\\\', "\n" => '\\n', "\t" => '\\t' }
  puts [what, *fields.map { |f| f.to_s.gsub(/[\\\n\t]/, names) }].join("\t")
  $stdout.flush
end

# What libpq said is the cause of what the layer says.
def chain(error)
  error ? [error, *chain(error.cause)] : []
end

def refused(error)
  state = chain(error).filter_map { |e|
    e.result&.error_field(PG::Result::PG_DIAG_SQLSTATE) if e.is_a?(PG::Error)
  }.first
  words = chain(error).map(&:message)
  words = words.reject.with_index { |w, i|
    i > 0 && words[0].include?(w.lines.first.strip)
  }
  answer('error', state, words.join("\nCaused by: "))
end

class OfSequel
  def connect(options)
    @db = Sequel.connect(adapter: 'postgres', max_connections: 1, **options)
  end

  def query(sql)
    @db.fetch(sql).all.first&.values&.first
  end

  def close
    @db&.disconnect
    @db = nil
  end
end

class OfActiveRecord
  def connect(options)
    options[:username] = options.delete(:user)
    ActiveRecord::Base.establish_connection(adapter: 'postgresql', pool: 1,
      **options)
    query('select 1')
  end

  # A request: the connection goes back to the pool behind it.
  def query(sql)
    ActiveRecord::Base.connection_pool.with_connection { |connection|
      connection.select_rows(sql).dig(0, 0)
    }
  end

  def close
    ActiveRecord::Base.remove_connection
  end
end

def obey(client, what, *with)
  return client.query(*with) if what == 'query'
  client.close
  return unless what == 'connect'
  names = %i[host port user password database sslmode sslrootcert]
  client.connect(names.zip(with).to_h.reject { |_, value| value.empty? })
  nil
end

client = { 'sequel' => OfSequel, 'active_record' => OfActiveRecord }[ARGV[0]].new
while (line = $stdin.gets)
  begin
    answer('ok', obey(client, *line.chomp.split("\t", -1)))
  rescue StandardError => error
    refused(error)
  end
end
