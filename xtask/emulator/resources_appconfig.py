"""CloudFormation's resources of AWS AppConfig: they go through its API, so that both refuse the same."""

import json

from appconfig import refused_validators
from ministack.services import appconfig


def checked(result):
    """The answer of an API call; a refusal fails the resource."""
    status, headers, body = result
    if status >= 400:
        refusal = json.loads(body)
        raise ValueError(f"{refusal['message']} (Service: AppConfig, Status Code: {status}, {refusal['__type']})")
    return headers, body


def version_handlers():
    """A version cannot change: another one replaces it."""
    return {"create": create_version, "update": update_version, "delete": delete_version}


def deployment_handlers():
    """A deployment cannot change either, and deleting its resource takes nothing back."""
    return {
        "create": create_deployment,
        "update": lambda _id, _old, props, stack: create_deployment(None, props, stack),
        "delete": lambda _id, _props: None,
    }


def profile_handlers(original):
    return {
        **original,
        "create": lambda logical_id, props, stack: create_profile(original["create"], logical_id, props, stack),
        "update": update_profile,
        "delete": delete_profile,
    }


def create_version(_logical_id, props, _stack_name):
    created = appconfig._create_hosted_configuration_version(
        props["ApplicationId"], props["ConfigurationProfileId"], props["Content"], props["ContentType"]
    )
    number = checked(created)[0]["Version-Number"]
    return number, {"VersionNumber": number}


def update_version(physical_id, old, props, stack_name):
    """CloudFormation deletes what was replaced when the update is complete; here at once, as what is deployed stays."""
    replaced = create_version(None, props, stack_name)
    delete_version(physical_id, old)
    return replaced


def delete_version(physical_id, props):
    appconfig._hosted_versions.pop(f"{props['ApplicationId']}/{props['ConfigurationProfileId']}/{physical_id}", None)


def create_deployment(_logical_id, props, _stack_name):
    started = appconfig._start_deployment(props["ApplicationId"], props["EnvironmentId"], props)
    record = json.loads(checked(started)[1])
    return str(record["DeploymentNumber"]), {"DeploymentNumber": record["DeploymentNumber"], "State": record["State"]}


def create_profile(create, logical_id, props, stack_name):
    if refused := refused_validators(props):
        checked(refused)
    return create(logical_id, props, stack_name)


def update_profile(physical_id, _old, props, _stack_name):
    checked(appconfig._update_configuration_profile(props["ApplicationId"], physical_id, props))
    return physical_id, {"ConfigurationProfileId": physical_id, "KmsKeyArn": ""}


def delete_profile(physical_id, props):
    if f"{props['ApplicationId']}/{physical_id}" in appconfig._config_profiles:
        checked(appconfig._delete_configuration_profile(props["ApplicationId"], physical_id))
