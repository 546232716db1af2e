"""AWS AppConfig: numbers that are never given twice, validators, deployments that can be reverted, sessions.

Sources: the API reference of AppConfig and AppConfig Data, and the user guide's "Reverting a configuration".
"""

import json
import time
import uuid
from collections import Counter

import jsonschema
from ministack.services import appconfig
from ministack.services.appconfig import _error as error
from ministack.services.appconfig import _json as answer

# The greatest number that was given, by profile: a deletion gives none back.
VERSIONS = Counter()
# What was deployed, by key of the deployment: type and text. It stays when the version is deleted.
DEPLOYED = {}
# Quota "Deployment size limit".
LARGEST = 2 * 1024 * 1024


def create_version(create, app_id, profile_id, body, content_type):
    """`create`, which refuses what a validator of the profile refuses."""
    profile = appconfig._config_profiles.get(f"{app_id}/{profile_id}")
    if not profile:
        return create(app_id, profile_id, body, content_type)
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    if len(text.encode()) > LARGEST:
        return error(413, "PayloadTooLargeException", f"The configuration is larger than {LARGEST} bytes")
    if wrong := problem(profile, text):
        return error(400, "BadRequestException", wrong)
    VERSIONS[profile_id] += 1
    number = VERSIONS[profile_id]
    appconfig._hosted_versions[f"{app_id}/{profile_id}/{number}"] = {
        "ApplicationId": app_id, "ConfigurationProfileId": profile_id, "VersionNumber": number,
        "ContentType": content_type, "Content": text, "Description": "",
    }
    names = {"Application-Id": app_id, "Configuration-Profile-Id": profile_id, "Version-Number": str(number)}
    return 201, {"Content-Type": content_type, **names}, text.encode()


def problem(profile, text):
    """What the profile's schemas say against a configuration; nothing when they accept it."""
    for validator in profile.get("Validators", []):
        if validator["Type"] != "JSON_SCHEMA":
            continue
        try:
            document = json.loads(text)
        except ValueError as wrong:
            return f"The configuration is not JSON: {wrong}"
        schema = json.loads(validator["Content"])
        wrong = jsonschema.exceptions.best_match(jsonschema.Draft4Validator(schema).iter_errors(document))
        if wrong:
            place = "/".join(str(part) for part in ["#", *wrong.absolute_path])
            return f"The configuration does not match the JSON schema of its profile: {place}: {wrong.message}"
    return None


def create_profile(create, app_id, body):
    return refused_validators(body) or create(app_id, body)


def update_profile(update, app_id, profile_id, body):
    return refused_validators(body) or update(app_id, profile_id, body)


def refused_validators(body):
    for validator in body.get("Validators", []):
        if len(validator["Content"]) > 32768:
            return error(400, "BadRequestException", "A validator has at most 32768 characters")
        if validator["Type"] == "JSON_SCHEMA":
            try:
                jsonschema.Draft4Validator.check_schema(json.loads(validator["Content"]))
            except (ValueError, jsonschema.SchemaError) as wrong:
                return error(400, "BadRequestException", f"The JSON schema is invalid: {wrong}")
    return None


def delete_profile(delete, app_id, profile_id):
    left = [key for key in appconfig._hosted_versions if key.startswith(f"{app_id}/{profile_id}/")]
    if not left:
        return delete(app_id, profile_id)
    return error(400, "BadRequestException", f"Cannot delete configuration profile {profile_id} because there are still "
                                             "hosted configuration versions existing under it.")


def start_deployment(start, app_id, env_id, body):
    """`start`, which refuses what is not there or is not valid, and keeps what it deployed."""
    strategy = appconfig._deployment_strategies.get(body.get("DeploymentStrategyId"))
    if not strategy:
        return error(404, "ResourceNotFoundException", f"Deployment strategy {body.get('DeploymentStrategyId')} not found")
    profile_id, version = body.get("ConfigurationProfileId"), body.get("ConfigurationVersion")
    hosted = appconfig._hosted_versions.get(f"{app_id}/{profile_id}/{version}")
    if not hosted:
        return error(404, "ResourceNotFoundException", f"Hosted configuration version {version} not found")
    # The schema may be newer than the version.
    if wrong := problem(appconfig._config_profiles.get(f"{app_id}/{profile_id}", {}), hosted["Content"]):
        return error(400, "BadRequestException", wrong)
    started = start(app_id, env_id, body)
    if started[0] == 201:
        # Deployments are never deleted, so counting them numbers them.
        number = json.loads(started[2])["DeploymentNumber"]
        DEPLOYED[env_id, number] = hosted["ContentType"], hosted["Content"]
    return started


def stop_deployment(app_id, env_id, number, allow_revert):
    """A completed deployment is reverted when that is asked for, and otherwise cannot be stopped."""
    record = appconfig._deployments.get(f"{app_id}/{env_id}/{number}")
    if not record:
        return error(404, "ResourceNotFoundException", f"Deployment {number} not found")
    if not allow_revert or record["State"] != "COMPLETE":
        return error(400, "BadRequestException", f"Deployment {number} is {record['State']} and cannot be stopped")
    record["State"] = "REVERTED"
    return answer(202, record)


def list_deployments(listed, app_id, env_id, query):
    """`listed`, the last one first."""
    status, headers, body = listed(app_id, env_id, {**query, "max_results": 10**6})
    if status != 200:
        return status, headers, body
    items = sorted(json.loads(body)["Items"], key=lambda item: -item["DeploymentNumber"])
    return answer(200, {"Items": items[:int(query.get("max_results", 50))]})


def start_session(start, body):
    started = start(body)
    if started[0] == 201:
        session = appconfig._sessions[json.loads(started[2])["InitialConfigurationToken"]]
        session["_interval"] = body.get("RequiredMinimumPollIntervalInSeconds")
    return started


def latest_configuration(token):
    """The deployed configuration, or nothing when the session has it. A token is good for one call."""
    session = appconfig._sessions.pop(token, None)
    if session is None:
        return error(400, "BadRequestException", "The configuration token is not valid, or was used before")
    interval = session.get("_interval")
    if interval and time.monotonic() < session.get("_read", -interval) + interval:
        return error(400, "BadRequestException", f"The session may read once in {interval} seconds (PollIntervalNotSatisfied)")
    env_id, profile_id = session["EnvironmentIdentifier"], session["ConfigurationProfileIdentifier"]
    number = max((
        record["DeploymentNumber"] for record in appconfig._deployments.values()
        if (record["EnvironmentId"], record["ConfigurationProfileId"], record["State"]) == (env_id, profile_id, "COMPLETE")
    ), default=None)
    if number is None:
        return error(404, "ResourceNotFoundException", "No configuration of this profile is deployed to the environment")
    kind, text = DEPLOYED[env_id, number]
    following = uuid.uuid4().hex
    appconfig._sessions[following] = {**session, "_has": number, "_read": time.monotonic()}
    headers = {
        "Content-Type": kind, "Next-Poll-Configuration-Token": following,
        "Next-Poll-Interval-In-Seconds": str(interval or 60),
    }
    return 200, headers, b"" if session.get("_has") == number else text.encode()


def with_revert(handle):
    """`handle`, which then knows the header of `StopDeployment` that reverts."""

    async def handle_request(method, path, headers, body, query):
        parts = path.strip("/").split("/")
        if method == "DELETE" and len(parts) == 6 and parts[4] == "deployments":
            revert = headers.get("allow-revert", "false").lower() == "true"
            return stop_deployment(parts[1], parts[3], int(parts[5]), revert)
        return await handle(method, path, headers, body, query)

    return handle_request
