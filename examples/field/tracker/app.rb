require "json"
require "sinatra/base"
require_relative "worker"

ask("CREATE TABLE IF NOT EXISTS issues (id serial PRIMARY KEY, title text NOT NULL, words integer)")

# The issues, and a new one.
class Tracker < Sinatra::Base
  TITLE = "Issue tracker"

  get "/" do
    lines = ask("SELECT title FROM issues ORDER BY id DESC LIMIT 20").map { |row| "<li>#{Rack::Utils.escape_html(row["title"])}</li>" }
    "<h1>#{TITLE}</h1><ul>#{lines.join}</ul>"
  end

  post "/issues" do
    id = ask("INSERT INTO issues (title) VALUES ($1) RETURNING id", params["title"]).first["id"]
    CountWords.perform_async(id.to_i)
    status 201
    JSON.dump(id: id)
  end

  get "/up" do
    ask("SELECT 1")
    "up"
  end
end
