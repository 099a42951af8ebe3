"""Has ministack feed functions from DynamoDB streams as Lambda does; loaded by ministack_server.

ministack takes a batch for done whatever the function says of single records, counts no retries, cuts no batch, and
lets every other source wait meanwhile. Sources: AWS Lambda, "Configuring partial batch response with DynamoDB and
Lambda" and "Lambda parameters for Amazon DynamoDB event source mappings"; how long Lambda waits between retries is not
stated there.
"""
# ruff: noqa: SLF001 - it puts itself in the place of a part of ministack

import json
import time
from typing import Any

from ministack.core.concurrency import spawn_background  # type: ignore[import-not-found, unused-ignore]
from ministack.services import dynamodb, lambda_svc  # type: ignore[import-not-found, unused-ignore]

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 0.7  # seconds between two tries

Record = dict[str, Any]
Mapping = dict[str, Any]

_busy: set[str] = set()  # event sources whose function is at work


def feed_functions_from_streams() -> None:
    """Take the place of ministack's own poller of DynamoDB streams."""
    lambda_svc._poll_dynamodb_streams = _poll


def _poll() -> bool:
    """Begin a batch for every event source that has one and is not at work; whether there was any."""
    began = False
    for account, region, mapping in lambda_svc._iter_all_esms():
        tokens = lambda_svc._request_account_id.set(account), lambda_svc._request_region.set(region)
        try:
            began = _begin(mapping) or began
        finally:
            lambda_svc._request_account_id.reset(tokens[0])
            lambda_svc._request_region.reset(tokens[1])
    return began


def _begin(mapping: Mapping) -> bool:
    stream, source = mapping.get("EventSourceArn", ""), mapping["UUID"]
    if ":dynamodb:" not in stream or not mapping.get("Enabled", True) or source in _busy:
        return False
    table = stream.split("/stream/")[0].rpartition("/")[2]
    if (dynamodb._tables.get(table) or {}).get("LatestStreamArn") != stream:
        return False
    positions = lambda_svc._dynamodb_stream_positions
    lambda_svc._init_stream_position(source, stream, mapping.get("StartingPosition", "LATEST"))
    position = max(positions[source], dynamodb.stream_start_position(table))
    read = dynamodb.stream_records_since(table, position, int(mapping.get("BatchSize", 100)))
    if wanted := lambda_svc._apply_filter_criteria(read, mapping):
        _busy.add(source)
        spawn_background(_work, mapping, wanted, position + len(read), thread_name="ministack-stream")
    else:
        positions[source] = position + len(read)
    return bool(read)


def _work(mapping: Mapping, records: list[Record], position: int) -> None:
    source = mapping["UUID"]
    try:
        _deliver(mapping, records)
        if source in lambda_svc._esms:
            lambda_svc._dynamodb_stream_positions[source] = position
    finally:
        _busy.discard(source)
        lambda_svc.esm_wake.set()


def _deliver(mapping: Mapping, records: list[Record]) -> None:
    """Give records to the function until it has taken them or they are given up; nothing where the source is gone."""
    retries, most = 0, int(mapping.get("MaximumRetryAttempts", -1))
    while mapping["UUID"] in lambda_svc._esms:
        function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        if function is None:
            return
        result = lambda_svc._execute_function(function, {"Records": records})
        failed = _first_failed(mapping, records, result)
        if failed == len(records):
            return
        if result.get("error") and mapping.get("BisectBatchOnFunctionError") and len(records) > 1:
            middle = len(records) // 2  # a cut is no retry
            _deliver(mapping, records[:middle])
            records = records[middle:]
            continue
        records, retries = records[failed:], 0 if failed else retries
        if retries == most or _is_too_old(mapping, records):
            condition = "RetryAttemptsExhausted" if retries == most else "MaxRecordAgeExceeded"
            lambda_svc._send_ddb_stream_failure_record(
                mapping, function, records, mapping["EventSourceArn"], result, condition
            )
            return
        time.sleep(min(FIRST_PAUSE * 2**retries, LONGEST_PAUSE))
        retries += 1


def _first_failed(mapping: Mapping, records: list[Record], result: dict[str, Any]) -> int:
    """The index of the first record that must come again; as many as there are where none must."""
    if result.get("error"):
        return 0
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        return len(records)
    body = result.get("body")
    answer = json.loads(body) if isinstance(body, str) and body else body
    failures = (answer or {}).get("batchItemFailures") or []
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    named = [failure.get("itemIdentifier") for failure in failures]
    if any(name not in numbers for name in named):
        return 0  # an answer that can't be read is a failure of the whole batch
    return min(map(numbers.index, named), default=len(records))


def _is_too_old(mapping: Mapping, records: list[Record]) -> bool:
    longest = int(mapping.get("MaximumRecordAgeInSeconds", -1))
    made = float(records[0]["dynamodb"]["ApproximateCreationDateTime"])
    return 0 < longest < time.time() - made
