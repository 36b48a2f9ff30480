"""Before the stages: what a language is (tags, scripts, families) and which language a text is in."""
