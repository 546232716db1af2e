"""Leaves out of built templates the resource types that the emulator has not, and prints which and why.

Arguments: the root template as `sam build` wrote it (changed in place, with the templates nested in it) and a JSON
list of the types that the emulator has. References to what is left out become its logical id.
"""

import json
import re
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_dump, yaml_parse

# Why a type is missing and what becomes of it here; any other missing type gets the last sentence alone.
WHY = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": "MiniStack has no Application Auto Scaling; nothing scales here unless requested",
    "AWS::CloudFront::Function": "the CDN is a record here, and nothing is answered by it",
    "AWS::CloudWatch::AlarmMuteRule": "MiniStack has no mute rules; an alarm whose state is set at night tells so",
    "AWS::CloudWatch::CompositeAlarm": "MiniStack has only metric alarms",
    "AWS::IAM::OIDCProvider": "MiniStack has no OpenID Connect; no workflow deploys here",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "no task runs here that would look a name up",
    "AWS::ServiceDiscovery::Service": "no task runs here that would look a name up",
}
OTHERWISE = "MiniStack has no such resource type"
SAM = "AWS::Serverless::"


def prune(value, gone):
    """`value` with every reference to a resource in `gone` replaced by the resource's logical id."""
    if isinstance(value, dict):
        if len(value) == 1:
            (name, target), = value.items()
            if name == "Ref" and target in gone:
                return target
            if name == "Fn::GetAtt" and (target.split(".") if isinstance(target, str) else target)[0] in gone:
                return (target.split(".") if isinstance(target, str) else target)[0]
            if name == "Fn::Sub":
                text, *rest = [target] if isinstance(target, str) else target
                text = re.sub(r"\$\{(\w+)(\.[\w.]+)?\}", lambda m: m[1] if m[1] in gone else m[0], text)
                return {name: [text, *prune(rest, gone)] if rest else text}
        return {name: prune(item, gone) for name, item in value.items()}
    if isinstance(value, list):
        return [prune(item, gone) for item in value]
    return value


def leave_out(path, known, told):
    template = yaml_parse(path.read_text())
    resources = template["Resources"]
    gone = {name for name, resource in resources.items()
            if not resource["Type"].startswith(SAM) and not resource["Type"].startswith("Custom::")
            and resource["Type"] not in known}
    for name in gone:
        kind = resources.pop(name)["Type"]
        told[kind] = WHY.get(kind, OTHERWISE)
    for resource in resources.values():
        after = resource.get("DependsOn", [])
        after = [name for name in ([after] if isinstance(after, str) else after) if name not in gone]
        resource.pop("DependsOn", None)
        if after:
            resource["DependsOn"] = after
        nested = resource.get("Properties", {}).get("TemplateURL")
        if resource["Type"] == "AWS::CloudFormation::Stack" and isinstance(nested, str):
            leave_out(path.parent / nested, known, told)
    path.write_text(yaml_dump(prune(template, gone)))


def main():
    told = {}
    leave_out(Path(sys.argv[1]), set(json.loads(Path(sys.argv[2]).read_text())), told)
    print(json.dumps(dict(sorted(told.items()))))


if __name__ == "__main__":
    main()
