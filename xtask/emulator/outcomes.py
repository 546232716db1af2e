"""How tasks of an image end: as real reasons, in ECS's words."""

import json

import ecr

NEVER = "never"

# Annotation `local.outcome` of a manifest -> how its tasks end. An image without it runs and stays healthy.
OUTCOMES = {
    "exit-1": {
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "container": {"exitCode": 1},
    },
    "out-of-memory": {
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "container": {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"},
    },
    "unhealthy": {
        "stopCode": "ServiceSchedulerInitiated",
        "stoppedReason": "Task failed container health checks",
        "container": {"exitCode": 143},
    },
}


def digests(revision):
    """Container name -> digest, for the containers whose image is in the local ECR."""
    found = {}
    for container in (revision or {}).get("containerDefinitions", []):
        if image := ecr.image(container["image"]):
            found[container["name"]] = image["imageDigest"]
    return found


def annotation(container, name):
    """An annotation of a container's image, if the image is in the local ECR and has it."""
    image = ecr.image(container["image"])
    try:
        return json.loads(image["imageManifest"]).get("annotations", {}).get(name) if image else None
    except (ValueError, AttributeError):
        return None


def of_deployment(revision):
    """How tasks of this revision end: None when they run, NEVER when they neither run nor end, else the reasons."""
    for container in revision["containerDefinitions"]:
        reference = container["image"]
        if ".dkr.ecr." in reference and ecr.image(reference) is None:
            return {
                "stopCode": "TaskFailedToStart",
                "stoppedReason": "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                f"failed to resolve ref {reference}: {reference}: not found",
                "container": {},
                "name": container["name"],
            }
        if outcome := annotation(container, "local.outcome"):
            return NEVER if outcome == NEVER else {**OUTCOMES[outcome], "name": container["name"]}
    return None


def of_task(revision, container_name):
    """The exit code of a one-off task: annotation `local.exit-code`, 0 without it."""
    for container in revision["containerDefinitions"]:
        if container_name in (None, container["name"]):
            return int(annotation(container, "local.exit-code") or 0)
    return 0
