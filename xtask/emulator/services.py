"""The ECS calls on services and task definitions whose answers a rollout rests on."""

import json

import deployments
import history
import placement
import tasks
from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

SETTINGS = (
    "networkConfiguration", "loadBalancers", "serviceRegistries", "capacityProviderStrategy",
    "healthCheckGracePeriodSeconds", "enableExecuteCommand", "deploymentConfiguration", "platformVersion",
    "enableECSManagedTags", "propagateTags", "availabilityZoneRebalancing",
)


def register_task_definition(original, data):
    """Every field comes back as it was given, and nothing else: no nulls, no empty texts."""
    status, headers, body = original(data)
    if status != 200:
        return status, headers, body
    registered = ecs._task_defs[ecs._resolve_td_key(json.loads(body)["taskDefinition"]["taskDefinitionArn"])]
    for name, value in data.items():
        if name != "tags":
            registered.setdefault(name, value)
    for name in [name for name, value in registered.items() if value in (None, "")]:
        del registered[name]
    return json_response({"taskDefinition": registered, "tags": data.get("tags", [])})


def create_service(original, data):
    status, headers, body = original(data)
    if status != 200:
        return status, headers, body
    service = ecs._services[f"{ecs._resolve_cluster_name(data.get('cluster'))}/{data['serviceName']}"]
    service.update({name: data[name] for name in SETTINGS if name in data})
    if data.get("capacityProviderStrategy"):
        service.pop("launchType", None)
        service["deployments"][0].pop("launchType", None)
        service["deployments"][0]["capacityProviderStrategy"] = data["capacityProviderStrategy"]
    history.started(service, service["deployments"][0])
    return json_response({"service": ecs._sanitize(service)})


def update_service(data):
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    name, named = ecs._resolve_service_ref(data.get("service", "")) or ("", None)
    service = ecs._services.get(f"{cluster}/{name}") if named in (None, cluster) else None
    if service is None:
        return error_response_json("ServiceNotFoundException", "Service not found.", 400)
    if service["status"] != "ACTIVE":
        return error_response_json("ServiceNotActiveException", "Service was not ACTIVE.", 400)
    if refusal := placement.refusal(service, data):
        return refusal
    revision = service["taskDefinition"]
    if data.get("taskDefinition"):
        key = ecs._resolve_td_key(data["taskDefinition"])
        if key not in ecs._task_defs:
            return error_response_json("ClientException", "TaskDefinition not found.", 400)
        revision = ecs._task_defs[key]["taskDefinitionArn"]
    service.update({name: data[name] for name in SETTINGS if name in data})
    if data.get("desiredCount") is not None:
        service["desiredCount"] = data["desiredCount"]
    # A change of the count is no deployment; a revision or a demand for one is.
    if revision != service["taskDefinition"] or data.get("forceNewDeployment"):
        deployment = deployments.make(revision, service["desiredCount"])
        if service.get("capacityProviderStrategy"):
            service.pop("launchType", None)
            del deployment["launchType"]
            deployment["capacityProviderStrategy"] = service["capacityProviderStrategy"]
        deployments.become_primary(service, deployment)
        history.started(service, deployment)
        service["taskDefinition"] = revision
    tasks.scale(service)
    return json_response({"service": ecs._sanitize(service)})
