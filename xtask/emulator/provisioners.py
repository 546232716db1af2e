"""CloudFormation: resources that MiniStack makes too simply for what is tested here, and `Fn::ToJsonString`."""

import json

import placement
from ministack.core.responses import get_account_id, get_region
from ministack.services import ecr, ecs, secretsmanager
from ministack.services.cloudformation import engine, provisioners, stacks

# Keys below these are names of the user's, not of CloudFormation's.
VERBATIM = {"Options", "DockerLabels", "DriverOpts", "Labels", "LogOptions"}
WIDE = {"Cpu", "Memory"}


def install():
    provisioners._RESOURCE_HANDLERS["AWS::ECS::TaskDefinition"] = {
        "create": create_task_definition,
        "update": lambda _id, _old, props, stack: create_task_definition(None, props, stack),
        "delete": lambda _id, _props: None,
    }
    provisioners._RESOURCE_HANDLERS["AWS::ECS::Service"] = {
        "create": create_service,
        "update": update_service,
        "delete": provisioners._ecs_service_delete,
    }


    provisioners._RESOURCE_HANDLERS["AWS::ECR::Repository"] = {
        "create": create_repository,
        "update": lambda _id, _old, props, stack: create_repository(None, props, stack),
        "delete": provisioners._ecr_repo_delete,
    }
    alarm = provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]
    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"] = {
        **alarm,
        "create": lambda logical_id, props, stack: alarm["create"](logical_id, plain_alarm(props), stack),
    }
    secret = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"] = {
        **secret,
        "update": lambda *change: update_secret(secret["create"], *change),
    }
    resolve = engine._resolve_refs

    def resolve_with_json(value, *context):
        if isinstance(value, dict) and list(value) == ["Fn::ToJsonString"]:
            return json.dumps(resolve_with_json(value["Fn::ToJsonString"], *context), separators=(",", ":"))
        return resolve(value, *context)

    engine._resolve_refs = stacks._resolve_refs = resolve_with_json


def known_types():
    """The resource types that MiniStack has; a template with another one is refused."""
    return sorted(provisioners._RESOURCE_HANDLERS)


def camel(value, wide=False):
    """`{"PortMappings": [{"ContainerPort": 1}]}` as the ECS API spells it, with numbers where it has numbers."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for name, item in value.items():
        key = name[0].lower() + name[1:]
        result[key] = item if name in VERBATIM else camel(item)
        if isinstance(item, str) and item.isdigit() and name not in WIDE | {"Value", "Name", "User", "Image"}:
            result[key] = int(item)
        elif isinstance(item, str) and item in ("true", "false") and name not in ("Value", "Name"):
            result[key] = item == "true"
        elif isinstance(item, str) and item.isdigit() and name in WIDE and not wide:
            result[key] = int(item)
    return result


def call(action, data):
    status, _headers, body = ecs._ACTION_MAP[action](data)
    answer = json.loads(body)
    if status != 200:
        raise ValueError(f"{action}: {answer.get('message') or answer}")
    return answer


def create_task_definition(logical_id, props, stack_name):
    data = camel({name: value for name, value in props.items() if name != "Tags"}, wide=True)
    data.setdefault("family", f"{stack_name}-{logical_id}")
    data.update({name: str(data[name]) for name in ("cpu", "memory") if name in data})
    data["tags"] = [{"key": tag["Key"], "value": tag["Value"]} for tag in props.get("Tags", [])]
    arn = call("RegisterTaskDefinition", data)["taskDefinition"]["taskDefinitionArn"]
    return arn, {"TaskDefinitionArn": arn}


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


def service_data(props):
    data = camel({name: value for name, value in props.items() if name not in ("Tags", "ServiceName", "TaskDefinition")})
    data["taskDefinition"] = props["TaskDefinition"]
    return data


def create_service(logical_id, props, stack_name):
    name = props.get("ServiceName", f"{stack_name}-{logical_id}")
    tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in props.get("Tags", [])]
    cluster = ecs._resolve_cluster_name(props.get("Cluster", "default"))
    call("CreateService", {**service_data(props), "serviceName": name, "tags": tags, "cluster": cluster})
    arn = f"arn:aws:ecs:{get_region()}:{get_account_id()}:service/{cluster}/{name}"
    return arn, {"ServiceArn": arn, "Name": name}


def update_service(physical_id, _old, props, _stack_name):
    cluster, name = physical_id.split("/")[-2:]
    # CloudFormation forces the deployment that a change of strategy needs.
    forced = placement.refusal(ecs._services[f"{cluster}/{name}"], service_data(props)) is not None
    call("UpdateService", {**service_data(props), "service": name, "cluster": cluster, "forceNewDeployment": forced})
    return physical_id, {"ServiceArn": physical_id, "Name": name}
