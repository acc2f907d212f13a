"""What is in a trace, as text for other programs and for people: JSON lines, HAR, curl commands, plain listings.

Pure functions from the model's values. Knows neither files nor the store. Secrets are masked unless asked otherwise.
"""
