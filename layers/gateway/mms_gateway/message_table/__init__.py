"""The table: keys, conditions, items; the only package that knows DynamoDB."""
