require "sidekiq"
require_relative "database"

# Counts the words of an issue, later.
class CountWords
  include Sidekiq::Worker

  def perform(id)
    ask("UPDATE issues SET words = array_length(regexp_split_to_array(title, ' '), 1) WHERE id = $1", id)
  end
end
