"""Rules for sending: the queues, the function that empties them, its times, and what others may do."""

import re
from typing import Any

import pytest

Template = dict[str, Any]
Resources = dict[str, dict[str, Any]]

DAY = 24 * 3600
PROFILES = ["production", "fast"]
OPENING_MEDIA_AND_RECORDING = 5  # seconds that a call of the function needs beside its request to OpenMarket
LEASE_MARGIN = 10  # seconds that a lease lasts beyond the function's end
SMALLEST_PAUSE = 0.5  # of the longest one: where a try comes late, its pause is at least this part


def times(template: Template, profile: str) -> dict[str, float]:
    told = template["Mappings"]["Timing"][profile]
    return {name: float(value) for name, value in told.items() if name != "PlainHttp"}


def statements(resources: Resources, name: str) -> dict[str, dict[str, Any]]:
    """The statements of a managed policy, or of the role that sends."""
    document = resources[name].get("PolicyDocument") or resources[name]["Policies"][0]["PolicyDocument"]
    return {one["Sid"]: one for one in document["Statement"] if "Sid" in one}


def of_timing(name: str) -> dict[str, Any]:
    return {"Fn::FindInMap": ["Timing", {"Ref": "Timing"}, name]}


def event_source(template: Template) -> dict[str, Any]:
    (found,) = [
        one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::EventSourceMapping"
    ]
    properties: dict[str, Any] = found
    return properties


# --- the queues -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SendQueue", "DeadLetterQueue"])
def test_a_queue_is_standard_encrypted_and_keeps_messages_for_14_days(resources: Resources, name: str) -> None:
    queue = resources[name]
    assert "FifoQueue" not in queue
    assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasKey", False, True]}
    assert queue["MessageRetentionPeriod"] == 14 * DAY == 1209600


@pytest.mark.parametrize("name", ["SendQueue", "DeadLetterQueue"])
def test_a_queue_is_reached_only_by_tls_in_production(template: Template, resources: Resources, name: str) -> None:
    assert template["Resources"][f"{name}Policy"]["Condition"] == "HasTls"
    policy = resources[f"{name}Policy"]
    assert policy["Queues"] == [{"Ref": name}]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sqs:*")
    assert statement["Resource"] == {"Fn::GetAtt": [name, "Arn"]}
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_message_comes_200_times_before_it_is_dead(resources: Resources) -> None:
    assert resources["SendQueue"]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]},
        "maxReceiveCount": 200,
    }


def test_the_window_ends_a_message_before_the_receive_count_does(template: Template, resources: Resources) -> None:
    window = template["Parameters"]["SendWindowHours"]
    receives = resources["SendQueue"]["RedrivePolicy"]["maxReceiveCount"]
    assert receives * SMALLEST_PAUSE * times(template, "production")["BackoffSeconds"] > window["MaxValue"] * 3600
    assert window["Default"] == 24
    assert window["MaxValue"] * 3600 < resources["SendQueue"]["MessageRetentionPeriod"]


def test_only_the_send_queue_may_use_the_dead_letter_queue_as_such(resources: Resources) -> None:
    allowed = resources["DeadLetterQueue"]["RedriveAllowPolicy"]
    assert allowed["redrivePermission"] == "byQueue"
    (arn,) = allowed["sourceQueueArns"]
    # The ARN is put together by hand, so it must end in the very name that the queue has.
    text, values = arn["Fn::Sub"]
    name, name_values = resources["SendQueue"]["QueueName"]["Fn::Sub"]
    assert text == "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:" + name
    assert values == name_values


def test_a_queue_that_an_earlier_stack_left_is_in_nobodys_way(resources: Resources) -> None:
    name, values = resources["SendQueue"]["QueueName"]["Fn::Sub"]
    assert name == "${AWS::StackName}-send-${End}"
    assert "AWS::StackId" in str(values["End"])
    assert "QueueName" not in resources["DeadLetterQueue"]


# --- the function -----------------------------------------------------------------------------------------------------


def test_the_function_answers_for_each_message_of_its_own(template: Template) -> None:
    source = event_source(template)
    assert source["EventSourceArn"] == {"Fn::GetAtt": ["SendQueue", "Arn"]}
    assert source["FunctionName"] == {"Ref": "SendMms"}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source.get("Enabled", True) is True
    assert "FilterCriteria" not in source  # what does not match would be deleted, silently


def test_a_message_is_sent_by_itself_unless_told_otherwise(template: Template) -> None:
    size = template["Parameters"]["SendBatchSize"]
    assert event_source(template)["BatchSize"] == {"Ref": "SendBatchSize"}
    assert (size["Default"], size["MinValue"], size["MaxValue"]) == (1, 1, 10)  # more would need a batching window


def test_the_connections_to_openmarket_are_bounded_by_a_parameter(template: Template, resources: Resources) -> None:
    concurrency = template["Parameters"]["SendConcurrency"]
    assert event_source(template)["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "SendConcurrency"}}
    assert (concurrency["MinValue"], concurrency["MaxValue"]) == (2, 1000)  # Lambda's own bounds
    assert concurrency["MinValue"] <= concurrency["Default"] <= concurrency["MaxValue"]
    assert "ReservedConcurrentExecutions" not in resources["SendMms"]  # it would throttle, which costs receives


def test_the_times_of_sending_come_from_the_timing_profile(resources: Resources) -> None:
    variables = resources["SendMms"]["Environment"]["Variables"]
    assert resources["SendMms"]["Timeout"] == of_timing("SendTimeout")
    assert resources["SendQueue"]["VisibilityTimeout"] == of_timing("SendVisibility")
    assert variables["CALL_SECONDS"] == of_timing("CallSeconds")
    assert variables["CONNECT_SECONDS"] == of_timing("ConnectSeconds")
    assert variables["BACKOFF_SECONDS"] == of_timing("BackoffSeconds")
    assert variables["PLAIN_HTTP"] == of_timing("PlainHttp")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_message_stays_hidden_six_times_as_long_as_the_function_may_run(template: Template, profile: str) -> None:
    one = times(template, profile)
    assert one["SendVisibility"] >= 6 * one["SendTimeout"]


def test_under_the_fast_profile_a_message_settles_within_300_seconds(template: Template) -> None:
    fast = times(template, "fast")
    # At worst the function dies in its last try, and the message comes once more.
    assert fast["LongestWindowSeconds"] + fast["BackoffSeconds"] + fast["SendVisibility"] + fast["SendTimeout"] < 300


def test_the_window_is_no_longer_than_its_profile_allows(template: Template, resources: Resources) -> None:
    assert resources["SendMms"]["Environment"]["Variables"]["LONGEST_WINDOW_SECONDS"] == of_timing(
        "LongestWindowSeconds"
    )
    longest = times(template, "production")["LongestWindowSeconds"]
    assert longest == template["Parameters"]["SendWindowHours"]["MaxValue"] * 3600


@pytest.mark.parametrize("profile", PROFILES)
def test_a_call_with_all_around_it_fits_the_function(template: Template, profile: str) -> None:
    one = times(template, profile)
    assert one["ConnectSeconds"] < one["CallSeconds"]
    assert one["CallSeconds"] + one["ConnectSeconds"] + OPENING_MEDIA_AND_RECORDING < one["SendTimeout"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_lease_is_over_before_the_message_of_a_function_that_died_comes_again(
    template: Template, profile: str
) -> None:
    one = times(template, profile)
    assert one["SendTimeout"] + LEASE_MARGIN < one["SendVisibility"]


def test_the_longest_pause_is_a_quarter_of_an_hour_and_one_that_sqs_takes(template: Template) -> None:
    assert times(template, "production")["BackoffSeconds"] == 900 <= 12 * 3600


def test_the_fast_profile_keeps_what_the_local_stack_promises(template: Template) -> None:
    fast = times(template, "fast")
    assert fast["BackoffSeconds"] <= 5
    assert fast["CallSeconds"] <= 20
    assert fast["SendTimeout"] + LEASE_MARGIN <= 30


def test_plain_http_is_for_the_fast_profile_only(template: Template) -> None:
    assert {name: one["PlainHttp"] for name, one in template["Mappings"]["Timing"].items()} == {
        "production": "false",
        "fast": "true",
    }


# --- parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "parameter", "default"),
    [
        ("OPENMARKET_ENDPOINTS", "OpenMarketEndpoints", "https://mms.openmarket.com"),
        ("MT_CONFIG", "MtConfig", "default"),
        ("LINK_HOSTS", "LinkHosts", ""),
        ("MAX_MESSAGE_BYTES", "MaxMessageBytes", 1000000),
        ("SEND_WINDOW_HOURS", "SendWindowHours", 24),
    ],
)
def test_a_parameter_reaches_the_function(
    template: Template, resources: Resources, variable: str, parameter: str, default: object
) -> None:
    assert resources["SendMms"]["Environment"]["Variables"][variable] == {"Ref": parameter}
    assert template["Parameters"][parameter]["Default"] == default


def test_the_function_is_told_both_queues(resources: Resources) -> None:
    variables = resources["SendMms"]["Environment"]["Variables"]
    assert variables["SEND_QUEUE_URL"] == {"Ref": "SendQueue"}
    assert variables["DEAD_LETTER_QUEUE_URL"] == {"Ref": "DeadLetterQueue"}


def test_the_direct_hosts_are_named_where_the_endpoints_are_chosen(template: Template) -> None:
    description = template["Parameters"]["OpenMarketEndpoints"]["Description"]
    assert [f"https://mmsc-0{number}.openmarket.com" in description for number in range(1, 5)] == [True] * 4


GOOD_AND_BAD = {
    "OpenMarketEndpoints": (
        ["https://mmsc-01.openmarket.com,https://mmsc-02.openmarket.com", "http://127.0.0.1:8080", "http://[::1]:8080"],
        ["", "mms.openmarket.com", "https://mms.openmarket.com/mms/v2/send", "https://a.example, https://b.example"],
    ),
    "LinkHosts": (["", "www.openmarket.com,media.example.com"], ["https://media.example.com", "a.example,", "*"]),
    "SourceBuckets": (["", "pictures", "pictures,films.example"], ["Pictures", "pictures/", "a, b", "*", "s3://films"]),
}


@pytest.mark.parametrize("parameter", sorted(GOOD_AND_BAD))
def test_a_list_is_checked_before_anything_is_deployed(template: Template, parameter: str) -> None:
    pattern = re.compile(template["Parameters"][parameter]["AllowedPattern"])
    good, bad = GOOD_AND_BAD[parameter]
    assert [value for value in good if not pattern.fullmatch(value)] == []
    assert [value for value in bad if pattern.fullmatch(value)] == []


# --- what the function may do -----------------------------------------------------------------------------------------


def test_the_role_makes_four_calls_of_the_table(resources: Resources) -> None:
    allowed = statements(resources, "SendMmsRole")["RecordMessages"]
    assert allowed["Action"] == ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"]
    assert allowed["Resource"] == {"Fn::GetAtt": ["Table", "Arn"]}


def test_the_role_takes_from_one_queue_and_puts_into_the_other(resources: Resources) -> None:
    allowed = statements(resources, "SendMmsRole")
    assert allowed["TakeFromTheQueue"]["Action"] == [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
    ]
    assert allowed["TakeFromTheQueue"]["Resource"] == {"Fn::GetAtt": ["SendQueue", "Arn"]}
    assert allowed["SetAsideWhatCanNotBeRecorded"]["Action"] == "sqs:SendMessage"
    assert allowed["SetAsideWhatCanNotBeRecorded"]["Resource"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}


def test_the_role_reads_outgoing_media_and_stores_under_mt(resources: Resources) -> None:
    allowed = statements(resources, "SendMmsRole")
    assert allowed["StoreMedia"]["Action"] == "s3:PutObject"
    assert allowed["StoreMedia"]["Resource"] == {"Fn::Sub": "${MediaBucket.Arn}/mt/*"}
    assert allowed["ReadMedia"]["Action"] == ["s3:GetObject", "s3:GetObjectVersion"]
    assert allowed["ReadMedia"]["Resource"] == {"Fn::Sub": "${MediaBucket.Arn}/outgoing/*"}


def test_the_role_sees_what_is_missing(resources: Resources) -> None:
    """Without it S3 answers 403 for what is not there, and the message would be tried for a day."""
    allowed = statements(resources, "SendMmsRole")["SeeWhetherMediaAreMissing"]
    assert allowed["Action"] == "s3:ListBucket"
    assert allowed["Resource"] == {"Fn::GetAtt": ["MediaBucket", "Arn"]}


def elsewhere(resources: Resources) -> dict[str, dict[str, Any]]:
    """The statements that stand there only where SourceBuckets names some."""
    (policy,) = resources["SendMmsRole"]["Policies"]
    conditional = [one["Fn::If"] for one in policy["PolicyDocument"]["Statement"] if "Fn::If" in one]
    return {one[1]["Sid"]: {"Fn::If": one} for one in conditional if one[0] == "HasSourceBuckets"}


def test_the_role_reads_from_source_buckets_only_where_there_are_some(template: Template, resources: Resources) -> None:
    assert template["Conditions"]["HasSourceBuckets"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "SourceBuckets"}, ""]}]}
    assert {sid: one["Fn::If"][2] for sid, one in elsewhere(resources).items()} == {
        "ReadMediaElsewhere": {"Ref": "AWS::NoValue"},
        "SeeWhetherMediaAreMissingElsewhere": {"Ref": "AWS::NoValue"},
    }


def test_the_role_reads_and_lists_each_source_bucket(resources: Resources) -> None:
    read, see = [one["Fn::If"][1] for one in elsewhere(resources).values()]
    told = {"SourceBuckets": "pictures,films.example"}
    assert read["Action"] == ["s3:GetObject", "s3:GetObjectVersion"]
    assert calculated(read["Resource"], told) == ["arn:*:s3:::pictures/*", "arn:*:s3:::films.example/*"]
    assert see["Action"] == "s3:ListBucket"
    assert calculated(see["Resource"], told) == ["arn:*:s3:::pictures", "arn:*:s3:::films.example"]


def calculated(value: Any, parameters: dict[str, str]) -> Any:
    """What CloudFormation makes of an intrinsic function."""
    match value:
        case {"Ref": name}:
            return parameters[name]
        case {"Fn::Split": [delimiter, text]}:
            return calculated(text, parameters).split(delimiter)
        case {"Fn::Join": [delimiter, texts]}:
            return delimiter.join(calculated(texts, parameters))
        case {"Fn::Sub": [text, values]}:
            for name, one in values.items():
                text = text.replace(f"${{{name}}}", calculated(one, parameters))
            return text
    return value


# --- what others may do -----------------------------------------------------------------------------------------------


def test_a_producer_may_enqueue_and_upload(resources: Resources) -> None:
    allowed = statements(resources, "ProducerPolicy")
    assert set(allowed) == {"ReadOutputs", "Enqueue", "UploadMedia"}
    assert allowed["Enqueue"]["Action"] == ["sqs:SendMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"]
    assert allowed["Enqueue"]["Resource"] == {"Fn::GetAtt": ["SendQueue", "Arn"]}
    assert allowed["UploadMedia"]["Action"] == "s3:PutObject"
    assert allowed["UploadMedia"]["Resource"] == {"Fn::Sub": "${MediaBucket.Arn}/outgoing/*"}


def test_a_reader_may_query_and_fetch_and_change_nothing(resources: Resources) -> None:
    allowed = statements(resources, "ReaderPolicy")
    assert set(allowed) == {
        "ReadOutputs",
        "QueryMessages",
        "GetMessages",
        "FollowMessages",
        "FetchMedia",
    }
    assert allowed["FollowMessages"]["Resource"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
    assert allowed["QueryMessages"]["Action"] == "dynamodb:Query"
    assert allowed["QueryMessages"]["Resource"] == [
        {"Fn::GetAtt": ["Table", "Arn"]},
        {"Fn::Sub": "${Table.Arn}/index/*"},
    ]
    assert allowed["GetMessages"]["Action"] == ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:DescribeTable"]
    assert allowed["GetMessages"]["Resource"] == {"Fn::GetAtt": ["Table", "Arn"]}
    assert allowed["FetchMedia"]["Action"] == "s3:GetObject"
    assert allowed["FetchMedia"]["Resource"] == [
        {"Fn::Sub": f"${{MediaBucket.Arn}}/{prefix}/*"} for prefix in ("mo", "mt", "outgoing", "quarantine")
    ]


@pytest.mark.parametrize("name", ["ProducerPolicy", "ReaderPolicy"])
def test_who_uses_the_stack_may_read_its_outputs_and_those_of_no_other(resources: Resources, name: str) -> None:
    """By its name: AWS then knows no id, and compares an ARN that ends in a star."""
    assert statements(resources, name)["ReadOutputs"] == {
        "Sid": "ReadOutputs",
        "Effect": "Allow",
        "Action": "cloudformation:DescribeStacks",
        "Resource": {
            "Fn::Sub": "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${AWS::StackName}/*"
        },
    }


@pytest.mark.parametrize("name", ["ProducerPolicy", "ReaderPolicy", "OperatorPolicy"])
def test_a_policy_has_no_name_of_its_own_and_is_attached_by_whoever_deploys(resources: Resources, name: str) -> None:
    """A name would need another capability, and would be in the way of a second stack."""
    assert set(resources[name]) == {"Description", "PolicyDocument"}
