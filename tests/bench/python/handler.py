"""Rolls an ECS service to a pushed image: the job of functions/rollout as it would otherwise be written with boto3."""

import json
import os
import time

import boto3

# One client per service for the life of the process, and one of everything, as AWS recommends.
ecs = boto3.client("ecs")
ecr = boto3.client("ecr")
dynamodb = boto3.client("dynamodb")

FLEET = json.loads(os.environ["FLEET"])
TABLE = os.environ["LEDGER_TABLE"]

# What DescribeTaskDefinition adds and RegisterTaskDefinition does not take.
READ_ONLY = (
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
)


def handle(event, _context):
    detail = event["detail"]
    repository, tag = detail["repository-name"], detail["image-tag"]
    rolled = [
        roll(service, repository, tag)
        for service in FLEET["services"]
        if any(image["repository"] == repository for image in service["images"])
    ]
    return {"services": rolled}


def roll(entry, repository, tag):
    name, cluster = entry["name"], entry["cluster"]
    service = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
    image = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"][0]
    key = {"pk": {"S": f"{cluster}/{name}"}, "sk": {"S": "rollout"}}
    record = dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item", {})

    digest = image["imageDigest"]
    if record.get("digest", {}).get("S") == digest:
        return {"service": name, "decision": "keep"}

    current = ecs.describe_task_definition(taskDefinition=service["taskDefinition"], include=["TAGS"])
    definition, tags = current["taskDefinition"], current.get("tags", [])
    for container in definition["containerDefinitions"]:
        base = container["image"].split("@")[0]
        if base.split("/", 1)[-1].split(":")[0] == repository:
            container["image"] = f"{base.split(':')[0]}@{digest}"

    item = {**key, "digest": {"S": digest}, "state": {"S": "claimed"}, "at": {"N": str(int(time.time()))}}
    dynamodb.put_item(
        TableName=TABLE,
        Item=item,
        ConditionExpression="attribute_not_exists(pk) OR digest <> :digest",
        ExpressionAttributeValues={":digest": {"S": digest}},
    )

    request = {field: value for field, value in definition.items() if field not in READ_ONLY}
    if tags:
        request["tags"] = tags
    revision = ecs.register_task_definition(**request)["taskDefinition"]["taskDefinitionArn"]
    updated = ecs.update_service(cluster=cluster, service=name, taskDefinition=revision)["service"]
    deployment = next(d["id"] for d in updated["deployments"] if d["status"] == "PRIMARY")

    item.update(state={"S": "rolling"}, revision={"S": revision}, deployment={"S": deployment})
    dynamodb.put_item(TableName=TABLE, Item=item)
    print(json.dumps({"service": name, "decision": "roll", "digest": digest, "deployment": deployment}))
    return {"service": name, "decision": "roll", "revision": revision, "deployment": deployment}
