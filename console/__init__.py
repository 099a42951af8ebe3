"""For people: the `mms` command and a page in the browser, on the local stack and on a deployed one alike."""
