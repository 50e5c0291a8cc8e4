"""Migrations of Ruby on Rails (Active Record)."""
