"""CloudFormation's other resources that MiniStack makes too simply, and `Fn::ToJsonString`."""

import json

from ministack.services import ecr, secretsmanager
from ministack.services.cloudformation import provisioners
from resources_ecs import camel


def repository_handlers():
    return {
        "create": create_repository,
        "update": lambda _id, _old, props, stack: create_repository(None, props, stack),
        "delete": provisioners._ecr_repo_delete,
    }


def alarm_handlers(original):
    create = original["create"]
    return {**original, "create": lambda logical_id, props, stack: create(logical_id, plain_alarm(props), stack)}


def secret_handlers(original):
    return {**original, "update": lambda *change: update_secret(original["create"], *change)}


def with_json(resolve):
    """`resolve`, which then knows `Fn::ToJsonString`."""

    def resolve_with_json(value, *context):
        if isinstance(value, dict) and list(value) == ["Fn::ToJsonString"]:
            return json.dumps(resolve_with_json(value["Fn::ToJsonString"], *context), separators=(",", ":"))
        return resolve(value, *context)

    return resolve_with_json


def known_types():
    """The resource types that MiniStack has; a template with another one is refused."""
    return sorted(provisioners._RESOURCE_HANDLERS)


def create_repository(logical_id, props, stack_name):
    name = props.get("RepositoryName", f"{stack_name}-{logical_id}".lower())
    data = camel({key: value for key, value in props.items() if key not in ("Tags", "LifecyclePolicy")})
    if name not in ecr._repositories:
        ecr._create_repository({**data, "repositoryName": name})
    repository = ecr._repositories[name]
    repository.update({key: data[key] for key in ("imageTagMutability", "imageScanningConfiguration") if key in data})
    filters = data.get("imageTagMutabilityExclusionFilters", [])
    repository["_exclusions"] = [item["imageTagMutabilityExclusionFilterValue"] for item in filters]
    return name, {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]}


def plain_alarm(props):
    """An alarm on metric math as one on a metric of it: nothing evaluates it here, but its state can be set."""
    if "Metrics" not in props:
        return props
    plain = {name: value for name, value in props.items() if name not in ("Metrics", "ThresholdMetricId")}
    first = next((metric["MetricStat"] for metric in props["Metrics"] if "MetricStat" in metric), None)
    if first is None:
        # A query of metrics names none: its id stands for it.
        query = props["Metrics"][0]
        return {**plain, "Namespace": "Query", "MetricName": query["Id"], "Period": query["Period"], "Statistic": "Maximum"}
    return {**plain, **first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}


def update_secret(create, physical_id, old, props, stack_name):
    """What is in a secret is written anew only when its text in the template changes."""
    if any(old.get(name) != props.get(name) for name in ("Name", "SecretString", "GenerateSecretString")):
        return create(physical_id, props, stack_name)
    secret = secretsmanager._secrets[physical_id]
    secret.update(Description=props.get("Description", ""), Tags=props.get("Tags", []))
    return physical_id, {"Arn": secret["ARN"]}
