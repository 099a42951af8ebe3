"""Names of files, made of names that strangers chose."""

import pytest

from console.media import file_name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("parrot.jpg", "3-parrot.jpg"),
        ("../../etc/passwd", "3-_.._etc_passwd"),
        ("..", "3-part"),
        (".bashrc", "3-bashrc"),
        ("a b\n$(rm).jpg", "3-a_b___rm_.jpg"),
        ("C:\\con", "3-C__con"),
        (None, "3-part"),
        ("x" * 300, "3-" + "x" * 100),
    ],
)
def test_a_files_name_stays_in_its_folder_and_tells_where_the_part_stood(given: str | None, name: str) -> None:
    assert file_name({"index": 3, "contentId": given}) == name
