"""What the template tells the function that sends, and where OpenMarket is reached."""

from datetime import timedelta

import pytest

from mms_gateway.openmarket.endpoint import PATH, Endpoint, read_endpoints
from mms_gateway.send_settings import OPTIONAL, REQUIRED, SendSettings, read_send_settings

ENVIRONMENT = {
    "TABLE_NAME": "table",
    "MEDIA_BUCKET": "bucket",
    "SECRET_ARN": "arn",
    "OPENMARKET_ENDPOINTS": "https://mms.openmarket.com",
    "MT_CONFIG": "default",
    "LINK_HOSTS": "www.openmarket.com,media.example.org",
    "MAX_MESSAGE_BYTES": "1000000",
    "SEND_WINDOW_HOURS": "24",
    "LONGEST_WINDOW_SECONDS": "1209600",
    "RETENTION_DAYS": "0",
    "SEND_QUEUE_URL": "https://queue",
    "DEAD_LETTER_QUEUE_URL": "https://dead",
    "CALL_SECONDS": "20",
    "CONNECT_SECONDS": "5",
    "BACKOFF_SECONDS": "900",
    "PLAIN_HTTP": "false",
}
NUMBERS = ("MAX_MESSAGE_BYTES", "SEND_WINDOW_HOURS", "CALL_SECONDS", "CONNECT_SECONDS", "BACKOFF_SECONDS")
ROUTED = Endpoint(host="mms.openmarket.com", port=443, tls=True)


def reading(**changes: str) -> SendSettings:
    return read_send_settings({**ENVIRONMENT, **changes})


def faults(**changes: str) -> list[str]:
    with pytest.raises(ValueError, match="deploy the template again: ") as error:
        reading(**changes)
    return str(error.value).partition("deploy the template again: ")[2].split("; ")


# --- the environment --------------------------------------------------------------------------------------------------


def test_settings_are_read_from_the_environment() -> None:
    assert reading() == SendSettings(
        table_name="table",
        media_bucket="bucket",
        secret_arn="arn",
        endpoints=(ROUTED,),
        mt_config="default",
        link_hosts=frozenset({"www.openmarket.com", "media.example.org"}),
        max_message_bytes=1_000_000,
        window=timedelta(hours=24),
        retention=timedelta(),
        send_queue_url="https://queue",
        dead_letter_queue_url="https://dead",
        call_seconds=20,
        connect_seconds=5,
        backoff_seconds=900,
    )


def test_items_are_kept_for_the_retention() -> None:
    assert reading(RETENTION_DAYS="365").retention == timedelta(days=365)
    assert faults(RETENTION_DAYS="29") == ["RETENTION_DAYS must be 0, to keep everything, or at least 30 days"]
    assert faults(RETENTION_DAYS="a month") == ["RETENTION_DAYS must be a number of days, 0 to keep everything"]


def test_every_variable_is_known_here() -> None:
    assert {*REQUIRED, *OPTIONAL} == set(ENVIRONMENT)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_variable_that_is_missing_or_empty_is_named(name: str) -> None:
    assert faults(**{name: ""}) == [f"{name} is not set"]
    with pytest.raises(ValueError, match=f"{name} is not set"):
        read_send_settings({key: value for key, value in ENVIRONMENT.items() if key != name})


def test_all_faults_are_told_at_once() -> None:
    found = faults(
        TABLE_NAME="",
        MAX_MESSAGE_BYTES="many",
        CALL_SECONDS="0",
        OPENMARKET_ENDPOINTS="http://mms.openmarket.com",
        LINK_HOSTS="https://www.openmarket.com",
    )
    assert [fault.split(" ")[0] for fault in found] == [
        "TABLE_NAME",
        "MAX_MESSAGE_BYTES",
        "CALL_SECONDS",
        "OPENMARKET_ENDPOINTS",
        "LINK_HOSTS",
    ]


def test_an_empty_environment_names_all_that_is_required() -> None:
    with pytest.raises(ValueError, match="deploy the template again") as error:
        read_send_settings({})
    assert all(f"{name} is not set" in str(error.value) for name in REQUIRED)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "1e3", " 5", "5\n", "five", "٥", "1_000", "9" * 400])
def test_a_number_that_is_none_is_named(name: str, value: str) -> None:
    (fault,) = faults(**{name: value})
    assert fault.startswith(f"{name} ")


def test_a_message_is_not_tried_for_longer_than_the_queue_keeps_it() -> None:
    assert reading(SEND_WINDOW_HOURS="24", LONGEST_WINDOW_SECONDS="300").window == timedelta(seconds=300)
    assert reading(SEND_WINDOW_HOURS="1", LONGEST_WINDOW_SECONDS="7200").window == timedelta(hours=1)


# --- allowed hosts of links -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", set()),
        (" , ,", set()),
        ("www.openmarket.com", {"www.openmarket.com"}),
        (" WWW.OpenMarket.com , media.example.org,", {"www.openmarket.com", "media.example.org"}),
        ("xn--bcher-kva.example", {"xn--bcher-kva.example"}),
    ],
)
def test_the_hosts_of_links_are_names_in_lower_case(text: str, hosts: set[str]) -> None:
    assert reading(LINK_HOSTS=text).link_hosts == hosts


def test_without_the_variable_no_links_are_allowed() -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "LINK_HOSTS"}
    assert read_send_settings(environment).link_hosts == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "https://www.openmarket.com",
        "www.openmarket.com/docs",
        "www.openmarket.com:443",
        "*.openmarket.com",
        "*",
        ".openmarket.com",
        "www.openmarket.com.",
        "-a.example.org",
        "localhost",
        "a b.example.org",
        "bücher.example",
        "user@example.org",
        "[::1]",
        "127.0.0.1",
        "www.openmarket.com;media.example.org",
    ],
)
def test_what_is_no_name_of_a_host_is_named(text: str) -> None:
    (fault,) = faults(LINK_HOSTS=f"www.openmarket.com,{text}")
    assert fault.startswith("LINK_HOSTS ")


# --- where OpenMarket is reached --------------------------------------------------------------------------------------


def test_the_path_is_that_of_the_pages() -> None:
    assert PATH == "/mms/v2/send"


DIRECT = ",".join(f"https://mmsc-0{n}.openmarket.com" for n in range(1, 5))
DIRECT_HOSTS = [(f"mmsc-0{n}.openmarket.com", 443, f"mmsc-0{n}.openmarket.com") for n in range(1, 5)]


@pytest.mark.parametrize(
    ("text", "endpoints"),
    [
        ("https://mms.openmarket.com", [("mms.openmarket.com", 443, "mms.openmarket.com")]),
        ("https://mms.openmarket.com/", [("mms.openmarket.com", 443, "mms.openmarket.com")]),
        (" https://MMS.openmarket.com:443 ", [("mms.openmarket.com", 443, "mms.openmarket.com")]),
        ("https://localhost:8443", [("localhost", 8443, "localhost:8443")]),
        ("https://[::1]:8443", [("::1", 8443, "[::1]:8443")]),
        ("https://[::1]", [("::1", 443, "[::1]")]),
        ("https://127.0.0.1:80", [("127.0.0.1", 80, "127.0.0.1:80")]),
        (DIRECT, DIRECT_HOSTS),
        (DIRECT.replace(",", " ,\n "), DIRECT_HOSTS),
    ],
)
def test_endpoints_are_base_urls_separated_by_commas(text: str, endpoints: list[tuple[str, int, str]]) -> None:
    found = read_endpoints(text, plain_http=False)
    assert [(each.host, each.port, each.authority) for each in found] == endpoints
    assert all(each.tls for each in found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mms.openmarket.com",
        "//mms.openmarket.com",
        "ftp://mms.openmarket.com",
        "https://",
        "https:///",
        "https://:443",
        "https://mms.openmarket.com/mms/v2/send",
        "https://mms.openmarket.com?x",
        "https://mms.openmarket.com#x",
        "https://user:canary@mms.openmarket.com",
        "https://mms.openmarket.com:65536",
        "https://mms.openmarket.com:0",
        "https://mms.openmarket.com:x",
        "https://mms.open market.com",
        "https://mms.openmarket.com\r\nX: canary",
        "https://[::1",
        "https://[:::::]",
        "https://a.example,,https://b.example",
        "https://a.example;https://b.example",
        "https://a.example https://b.example",
    ],
)
def test_an_endpoint_that_is_none_is_refused_whatever_it_is(text: str) -> None:
    for plain_http in (False, True):
        with pytest.raises(ValueError, match=r"must be|has (a|the) port|IP") as error:
            read_endpoints(text, plain_http=plain_http)
        assert "canary" not in str(error.value)


@pytest.mark.parametrize(("plain_http", "allowed"), [("true", True), ("false", False), ("TRUE ", False), ("1", False)])
def test_plain_http_is_for_the_local_stack_alone(plain_http: str, allowed: bool) -> None:
    changes = {"PLAIN_HTTP": plain_http, "OPENMARKET_ENDPOINTS": "https://a.example,http://127.0.0.1:8080"}
    if allowed:
        assert reading(**changes).endpoints == (
            Endpoint(host="a.example", port=443, tls=True),
            Endpoint(host="127.0.0.1", port=8080, tls=False),
        )
    else:
        assert faults(**changes) == ["OPENMARKET_ENDPOINTS must be https: the account's password goes there"]


def test_the_usual_port_of_plain_http_is_80() -> None:
    (endpoint,) = read_endpoints("http://localhost", plain_http=True)
    assert (endpoint.port, endpoint.authority) == (80, "localhost")
