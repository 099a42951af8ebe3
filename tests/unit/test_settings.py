"""What the template tells the functions."""

from datetime import timedelta

import pytest

from mms_gateway.settings import Settings, read_settings

ENVIRONMENT = {
    "TABLE_NAME": "table",
    "MEDIA_BUCKET": "bucket",
    "SECRET_ARN": "arn",
    "CALLBACK_ENCODING": "auto",
    "RAW_DAYS": "7",
    "RETENTION_DAYS": "90",
}


def test_settings_are_read_from_the_environment() -> None:
    assert read_settings(ENVIRONMENT) == Settings(
        table_name="table",
        media_bucket="bucket",
        secret_arn="arn",
        callback_encoding="auto",
        raw_days=7,
        retention=timedelta(days=90),
    )


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="deploy the template again") as error:
        read_settings(
            {"MEDIA_BUCKET": "bucket", "SECRET_ARN": "arn"}
            | {"TABLE_NAME": "", "CALLBACK_ENCODING": "zip", "RAW_DAYS": "-1", "RETENTION_DAYS": "7"}
        )
    assert str(error.value).endswith(
        "TABLE_NAME is not set; CALLBACK_ENCODING must be one of auto, binary, base64; "
        "RAW_DAYS must be a number of days, 0 to keep none; "
        "RETENTION_DAYS must be 0, to keep everything, or at least 30 days"
    )
