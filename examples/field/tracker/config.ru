require_relative "app"
run Tracker
