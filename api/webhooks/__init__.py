"""Events pushed to whoever asked for them: signed, tried again, and none of them held up by another."""
