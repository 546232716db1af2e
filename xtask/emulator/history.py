"""Service deployments: what ECS keeps of a service's deployments, and how each ended.

A rollback is no service deployment of its own: it is how the failed one ends. Starting another one stops the one before.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

import datetime
import secrets

from clock import now_iso
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import ecs

UNDER_WAY = ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS")


def started(service, deployment):
    """A service deployment of its own; one that is still under way stops."""
    kept = service.setdefault("_history", [])
    if kept and kept[-1]["status"] in UNDER_WAY:
        end(service, "STOPPED", f"ECS deployment {deployment['id']} replaces it.")
    place = f"{service['clusterArn'].rsplit('/', 1)[-1]}/{service['serviceName']}"
    kind = f"arn:aws:ecs:{get_region()}:{get_account_id()}:service-"
    kept.append({
        "serviceDeploymentArn": f"{kind}deployment/{place}/{secrets.token_hex(10)}",
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now_iso(),
        "startedAt": now_iso(),
        "status": "IN_PROGRESS",
        "targetServiceRevisionArn": f"{kind}revision/{place}/{secrets.randbelow(9 * 10**18) + 10**18}",
        "_deployment": deployment["id"],
        "_revision": deployment["taskDefinition"],
        "_strategy": deployment.get("capacityProviderStrategy"),
    })


def end(service, status, reason=""):
    """The latest one takes another status."""
    latest = service["_history"][-1]
    latest.update(status=status, statusReason=reason, finishedAt=now_iso())
    if status in UNDER_WAY:
        del latest["finishedAt"]


def completed(service):
    rolled_back = service["_history"][-1]["status"] == "ROLLBACK_IN_PROGRESS"
    end(service, "ROLLBACK_SUCCESSFUL" if rolled_back else "SUCCESSFUL")


def list_deployments(data):
    """ListServiceDeployments, the latest first."""
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    name, _ = ecs._resolve_service_ref(data.get("service", "")) or ("", None)
    service = ecs._services.get(f"{cluster}/{name}")
    if service is None:
        return error_response_json("ServiceNotFoundException", "Service not found.", 400)
    created, statuses = data.get("createdAt", {}), data.get("status", [])
    found = [one for one in reversed(service.get("_history", []))
             if created.get("after", 0) <= seconds(one["createdAt"]) <= created.get("before", float("inf"))
             and (not statuses or one["status"] in statuses)]
    return json_response({"serviceDeployments": [ecs._sanitize(one) for one in found[: data.get("maxResults", 20)]]})


def describe_deployments(data):
    """DescribeServiceDeployments."""
    wanted = data.get("serviceDeploymentArns", [])
    there = {one["serviceDeploymentArn"]: (service, one) for service, one in every()}
    described = []
    for service, one in (there[arn] for arn in wanted if arn in there):
        full = {name: value for name, value in ecs._sanitize(one).items() if name != "targetServiceRevisionArn"}
        full["targetServiceRevision"] = {"arn": one["targetServiceRevisionArn"]}
        full["deploymentConfiguration"] = service.get("deploymentConfiguration", {})
        described.append(full)
    failures = [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in there]
    return json_response({"serviceDeployments": described, "failures": failures})


def describe_revisions(data):
    """DescribeServiceRevisions: what a service deployment deployed."""
    wanted = data.get("serviceRevisionArns", [])
    there = {one["targetServiceRevisionArn"]: one for _, one in every()}
    described = [{
        "serviceRevisionArn": arn,
        "serviceArn": there[arn]["serviceArn"],
        "clusterArn": there[arn]["clusterArn"],
        "taskDefinition": there[arn]["_revision"],
        "createdAt": there[arn]["createdAt"],
        **({"capacityProviderStrategy": there[arn]["_strategy"]} if there[arn]["_strategy"] else {}),
    } for arn in wanted if arn in there]
    failures = [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in there]
    return json_response({"serviceRevisions": described, "failures": failures})


def every():
    return [(service, one) for service in ecs._services.values() for one in service.get("_history", [])]


def seconds(iso):
    return datetime.datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
