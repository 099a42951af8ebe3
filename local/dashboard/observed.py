"""What the template observes: its dashboard's body and its alarms, as a stack would have them."""

import json
from dataclasses import dataclass
from typing import Any

from local.places import ROOT
from local.template_values import TemplateValues, read_template

SEEN_IN_THE_PICTURE = (
    *("Namespace", "MetricName", "Dimensions", "Statistic", "Metrics", "Period"),
    *("Threshold", "EvaluationPeriods", "DatapointsToAlarm", "TreatMissingData"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The dashboard and the alarms of a stack."""

    body: dict[str, Any]
    alarms: dict[str, dict[str, Any]]
    """Properties by ARN."""

    def for_the_picture(self) -> str:
        """All that the picture shows, as JSON; its hash tells whether a picture is of this dashboard."""
        alarms = {
            arn: {name: one[name] for name in SEEN_IN_THE_PICTURE if name in one} for arn, one in self.alarms.items()
        }
        return json.dumps({"body": self.body, "alarms": alarms}, ensure_ascii=False, sort_keys=True)


def observed(**parameters: str) -> Observed:
    """What a stack with these parameters observes."""
    template = read_template(ROOT / "template.yaml")
    values = TemplateValues(template, **parameters)
    alarms = {
        values.of({"Fn::GetAtt": [name, "Arn"]}): values.of(one["Properties"])
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::CloudWatch::Alarm" and values.exists(name)
    }
    body = json.loads(values.of(template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]))
    return Observed(body=body, alarms=alarms)
