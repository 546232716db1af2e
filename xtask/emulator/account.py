"""The account and the region that everything here belongs to."""

ACCOUNT = "123456789012"
REGION = "eu-central-1"
