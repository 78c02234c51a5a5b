"""Counts what `.ci/run` ran, names what failed, and prints "N passed, N failed" last. Exits with 1 if anything failed.

  count_results.py CHECKS [EVENTS STATUS]...

CHECKS has a line "ok NAME" or "FAILED NAME" for each check. EVENTS is Bazel's build event file, as JSON lines, of a
`bazel test` that exited with STATUS ("not_run": there was none). Each test case of a test.xml counts as one, skipped
ones not at all, but they are named with their reason; so does a target that could not be built, or that failed although
none of its cases did.
"""

import json
import pathlib
import sys
import urllib.parse
import xml.etree.ElementTree


def reports(events):
    """The files test.xml of each test target, by its label: one for each shard."""
    files = {}
    for event in events:
        for output in event.get("testResult", {}).get("testActionOutput", []):
            if output["name"] == "test.xml":
                path = urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
                files.setdefault(event["id"]["testResult"]["label"], set()).add(path)
    return files


def count_target(label, files):
    """Passed cases of a test target and the names of its failed ones, from its reports."""
    passed, failed = 0, []
    for file in sorted(files):
        for case in xml.etree.ElementTree.parse(file).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                # Without a class: not of gtest but Bazel's own, for a test that left no report, such as a crashed one.
                case_name = f"{case.get('classname')}.{case.get('name')}" if case.get("classname") else ""
                failed.append(f"{label} {case_name}".strip())
            elif case.find("skipped") is not None:
                reason = (case.find("skipped").get("message") or "no reason given").strip().splitlines()[-1]
                print(f"skipped: {label} {case.get('name')}: {reason}")
            elif case.get("status") != "notrun":
                passed += 1
    return passed, failed


def count_checks(lines):
    return sum(line.startswith("ok ") for line in lines), [line for line in lines if line.startswith("FAILED ")]


def count_tests(events, status):
    passed, failed = 0, []
    files = reports(events)
    for event in events:
        label = event["id"].get("testSummary", event["id"].get("targetCompleted", {})).get("label")
        if "testSummary" in event:
            target_passed, target_failed = count_target(label, files.get(label, set()))
            if event["testSummary"]["overallStatus"] not in ("PASSED", "FLAKY") and not target_failed:
                target_failed = [f"{label} {event['testSummary']['overallStatus']}"]
            passed += target_passed
            failed += target_failed
        elif "targetCompleted" in event["id"] and not event.get("completed", {}).get("success"):
            failed.append(f"{label} was not built")
    if status != "0" and not failed:
        failed.append(f"bazel test exited with {status}")
    return passed, failed


def main(checks, *runs):
    passed, failed = count_checks(pathlib.Path(checks).read_text().splitlines())
    for events, status in zip(runs[::2], runs[1::2], strict=True):
        if status == "not_run":
            continue
        events = pathlib.Path(events)
        lines = events.read_text().splitlines() if events.exists() else []
        tests_passed, tests_failed = count_tests([json.loads(line) for line in lines], status)
        passed, failed = passed + tests_passed, failed + tests_failed
    for name in failed:
        print("failed:", name.removeprefix("FAILED "))
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
