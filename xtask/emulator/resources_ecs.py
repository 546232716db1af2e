"""CloudFormation's ECS resources, made through the ECS API with every property."""

import json

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs
from ministack.services.cloudformation import provisioners

# Keys below these are names of the user's, not of CloudFormation's.
VERBATIM = {"Options", "DockerLabels", "DriverOpts", "Labels", "LogOptions"}
WIDE = {"Cpu", "Memory"}


def task_definition_handlers():
    return {
        "create": create_task_definition,
        "update": lambda _id, _old, props, stack: create_task_definition(None, props, stack),
        "delete": lambda _id, _props: None,
    }


def service_handlers():
    return {"create": create_service, "update": update_service, "delete": provisioners._ecs_service_delete}


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
    # CloudFormation sends every property that the template has, and forces no deployment: ECS refuses another strategy.
    call("UpdateService", {**service_data(props), "service": name, "cluster": cluster})
    return physical_id, {"ServiceArn": physical_id, "Name": name}
