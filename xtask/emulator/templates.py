"""Prepares built templates for the emulator: expands nested SAM templates, and leaves out resource types that it has not.

Arguments: the root template as `sam build` wrote it (changed in place, with the templates nested in it) and a JSON
list of the types that the emulator has. Prints the types that are left out and why. References to what is left out
become its logical id.

MiniStack applies the SAM transform to the template of a change set, and to no nested template; CloudFormation applies
it to each. `expand` does what CloudFormation does, with the same translator, which AWS publishes. A reference to a
parameter of type CommaDelimitedList is a list in CloudFormation and a text in MiniStack: `split_lists` says how to read it.
"""

import copy
import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

from samcli.yamlhelper import yaml_dump, yaml_parse

# Why a type is missing and what becomes of it here; any other missing type gets the last sentence alone.
WHY = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": "MiniStack has no Application Auto Scaling; nothing scales here unless requested",
    "AWS::CloudFront::Function": "the CDN is a record here, and nothing is answered by it",
    "AWS::CloudWatch::AlarmMuteRule": "MiniStack has no mute rules; an alarm whose state is set during scheduled downtime sends its message",
    "AWS::CloudWatch::CompositeAlarm": "MiniStack has only metric alarms",
    "AWS::IAM::OIDCProvider": "MiniStack has no OpenID Connect; no workflow deploys here",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "no task runs here that would look a name up",
    "AWS::ServiceDiscovery::Service": "no task runs here that would look a name up",
}
OTHERWISE = "MiniStack has no such resource type"
SAM = "AWS::Serverless::"
TRANSFORM = "AWS::Serverless-2016-10-31"


def expand(template):
    """A SAM template in CloudFormation's own resource types. Code stays a local path, which `sam deploy` uploads."""
    from samtranslator.translator.transform import transform

    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    template, code = copy.deepcopy(template), {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == SAM + "Function":
            code[name] = resource["Properties"]["CodeUri"]
            # The translator takes no local path.
            resource["Properties"]["CodeUri"] = "s3://local/code"
    # The values of parameters are not known here: without their defaults, the translator leaves references to them alone.
    parameters = copy.deepcopy(template.get("Parameters", {}))
    for parameter in template.get("Parameters", {}).values():
        parameter.pop("Default", None)
    expanded = transform(template, {}, SimpleNamespace(load=dict))
    for name, path in code.items():
        expanded["Resources"][name]["Properties"]["Code"] = path
    if parameters:
        expanded["Parameters"] = parameters
    return expanded


def split_lists(value, lists):
    """`value` with every reference to a parameter in `lists` split at its commas."""
    if isinstance(value, dict):
        if len(value) == 1 and value.get("Ref") in lists:
            return {"Fn::Split": [",", value]}
        return {name: split_lists(item, lists) for name, item in value.items()}
    if isinstance(value, list):
        return [split_lists(item, lists) for item in value]
    return value


def is_sam(template):
    declared = template.get("Transform", [])
    return TRANSFORM in (declared if isinstance(declared, list) else [declared])


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


def prepare(path, known, removed, nested=False):
    template = yaml_parse(path.read_text())
    if nested and is_sam(template):
        template = expand(template)
    lists = {name for name, own in template.get("Parameters", {}).items() if own["Type"] == "CommaDelimitedList"}
    template["Resources"] = split_lists(template["Resources"], lists)
    resources = template["Resources"]
    gone = {name for name, resource in resources.items()
            if not resource["Type"].startswith(SAM) and not resource["Type"].startswith("Custom::")
            and resource["Type"] not in known}
    for name in gone:
        kind = resources.pop(name)["Type"]
        removed[kind] = WHY.get(kind, OTHERWISE)
    for resource in resources.values():
        after = resource.get("DependsOn", [])
        after = [name for name in ([after] if isinstance(after, str) else after) if name not in gone]
        resource.pop("DependsOn", None)
        if after:
            resource["DependsOn"] = after
        nested_url = resource.get("Properties", {}).get("TemplateURL")
        if resource["Type"] == "AWS::CloudFormation::Stack" and isinstance(nested_url, str):
            prepare(path.parent / nested_url, known, removed, nested=True)
    path.write_text(yaml_dump(prune(template, gone)))


def main():
    removed = {}
    prepare(Path(sys.argv[1]), set(json.loads(Path(sys.argv[2]).read_text())), removed)
    print(json.dumps(dict(sorted(removed.items()))))


if __name__ == "__main__":
    main()
