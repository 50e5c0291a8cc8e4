require "pg"

# One question, on a connection of its own; where and who is in PGHOST, PGUSER, ...
def ask(sql, *values)
  connection = PG.connect
  connection.exec_params(sql, values).to_a
ensure
  connection&.close
end
