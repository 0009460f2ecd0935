"""The CI decision: has what is timed become slower, bigger or later to start?"""
