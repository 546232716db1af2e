"""ECR: the answers that a rollout rests on and that MiniStack gives otherwise."""

import fnmatch

import clock
from ministack.core.responses import error_response_json
from ministack.services import ecr


def describe_images(describe):
    """`describe`, with errors for what is not there."""

    def describe_images(data):
        name = data.get("repositoryName", "")
        if name not in ecr._repositories:
            message = f"The repository with name '{name}' does not exist in the registry"
            return error_response_json("RepositoryNotFoundException", message, 400)
        for image in data.get("imageIds") or []:
            if ecr._find_image(name, image) is None:
                message = f"The image with imageId {image} does not exist within the repository with name '{name}'"
                return error_response_json("ImageNotFoundException", message, 400)
        return describe(data)

    return describe_images


def put_image(put):
    """`put`, with errors for what is there already and for tags that may not move, and the time in milliseconds."""

    def put_image(data):
        name, tag = data.get("repositoryName", ""), data.get("imageTag")
        digest = data.get("imageDigest") or ecr._image_digest(data.get("imageManifest", ""))
        known = next((image for image in ecr._images.get(name, []) if image["imageDigest"] == digest), None)
        if known and (tag is None or tag in known.get("imageTags", [])):
            message = f"Image with digest '{digest}' and tag '{tag}' already exists in the repository with name '{name}'"
            return error_response_json("ImageAlreadyExistsException", message, 400)
        repository = ecr._repositories.get(name, {})
        movable = any(fnmatch.fnmatchcase(tag or "", pattern) for pattern in repository.get("_exclusions", []))
        if repository.get("imageTagMutability") == "IMMUTABLE_WITH_EXCLUSION" and not movable:
            if tag and ecr._find_image(name, {"imageTag": tag}):
                message = f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten"
                return error_response_json("ImageTagAlreadyExistsException", message, 400)
        answer = put(data)
        if answer[0] == 200 and not known:
            # Whole seconds would make two pushes in one second equally old.
            image = next(image for image in ecr._images[name] if image["imageDigest"] == digest)
            image["imagePushedAt"] = round(clock.time(), 3)
        return answer

    return put_image


def image(reference):
    """The image that a task definition names by tag or digest, if it is in this registry, else None."""
    host, _, rest = reference.partition("/")
    if ".dkr.ecr." not in host:
        return None
    name, _, digest = rest.partition("@")
    tag = ""
    if not digest:
        name, _, tag = name.partition(":")
    return ecr._find_image(name, {"imageDigest": digest} if digest else {"imageTag": tag or "latest"})
