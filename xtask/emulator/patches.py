"""Everything that is replaced in MiniStack, and in the standard library for its sake, with the reason.

Written for one version of MiniStack: most of what is replaced is private there. For another version compare each entry
with the new source, then change `MINISTACK` here and the version in xtask/requirements.in.
"""

import http.server
import importlib.metadata
import socketserver
import sys
from typing import NamedTuple

import appconfig
import budgets
import clock
import deployments
import ecr
import functions
import gate
import history
import one_off
import protection
import resources
import resources_appconfig
import resources_ecs
import scaling
import services
import stacks
import stale
import tasks
from ministack.services import appconfig as ministack_appconfig
from ministack.services import ecr as ministack_ecr
from ministack.services import ecs, eventbridge, lambda_svc, scheduler
from ministack.services.cloudformation import engine, handlers, provisioners
from ministack.services.cloudformation import stacks as ministack_stacks

MINISTACK = "1.4.21"


class Patch(NamedTuple):
    """`name` of each of `owners` (modules or tables) becomes what `make` makes of the original."""

    owners: tuple
    name: str
    make: object
    why: str


def new(value):
    """Makes `value`, whatever the original was."""
    return lambda _original: value


def wrapped(function):
    """Makes a function of the same arguments that gets the original first."""
    return lambda original: lambda *arguments: function(original, *arguments)


CALLS, RESOURCES, ACTIONS = ecs._ACTION_MAP, provisioners._RESOURCE_HANDLERS, handlers._ACTION_HANDLERS

PATCHES = [
    # ECS: deployments take time, and tasks end as their images say.
    Patch((ecs,), "now_iso", new(clock.now_iso), "the demo plays days ahead of the clock"),
    Patch((ecs,), "_get_docker", new(lambda: None), "no container runs here"),
    Patch((ecs,), "_make_deployment", new(deployments.make), "a deployment is complete at once"),
    Patch((ecs,), "_reconcile_service_tasks", new(lambda _cluster, key: tasks.scale(ecs._services[key])),
          "tasks have no digest, no health and no provider"),
    Patch((CALLS,), "RegisterTaskDefinition", wrapped(services.register_task_definition),
          "unknown fields are dropped, nulls and empty texts added"),
    Patch((CALLS,), "CreateService", wrapped(services.create_service), "a strategy is dropped"),
    Patch((CALLS,), "UpdateService", new(services.update_service), "`forceNewDeployment` is not known"),
    Patch((CALLS,), "RunTask", wrapped(one_off.run), "a one-off task never ends"),
    Patch((CALLS,), "UpdateTaskProtection", new(protection.update_protection), "answers with nothing"),
    Patch((CALLS,), "GetTaskProtection", new(protection.get_protection), "answers with nothing"),
    *(Patch((CALLS,), name, new(make), "answers with nothing") for name, make in [
        ("ListServiceDeployments", history.list_deployments),
        ("DescribeServiceDeployments", history.describe_deployments),
        ("DescribeServiceRevisions", history.describe_revisions),
    ]),
    # After all other replacements of ECS's calls: they go around those.
    *(Patch((CALLS,), name, wrapped(stale.write), "a write is seen at once") for name in stale.WRITES),
    *(Patch((CALLS,), name, wrapped(stale.read), "a write is seen at once") for name in stale.READS),
    # ECR
    Patch((ministack_ecr,), "_describe_images", ecr.describe_images, "an unknown tag is no error"),
    Patch((ministack_ecr,), "_put_image", ecr.put_image, "the same image again is no error; any tag moves"),
    # AppConfig
    *(Patch((ministack_appconfig,), name, make, why) for name, make, why in [
        ("_create_hosted_configuration_version", wrapped(appconfig.create_version),
         "numbers are given twice, nothing is validated"),
        ("_create_configuration_profile", wrapped(appconfig.create_profile), "any text is a validator"),
        ("_update_configuration_profile", wrapped(appconfig.update_profile), "any text is a validator"),
        ("_delete_configuration_profile", wrapped(appconfig.delete_profile), "deletes the versions too"),
        ("_start_deployment", wrapped(appconfig.start_deployment), "deploys what is not there or not valid"),
        ("_list_deployments", wrapped(appconfig.list_deployments), "the oldest come first"),
        ("_start_configuration_session", wrapped(appconfig.start_session), "the poll interval is dropped"),
        ("_get_latest_configuration", new(appconfig.latest_configuration),
         "answers with all of it each time, and with nothing without a deployment"),
        ("handle_request", appconfig.with_revert, "any deployment can be stopped, none is reverted"),
    ]),
    # Lambda
    Patch((lambda_svc,), "subprocess", functions.module_subprocess,
          "a full pipe blocks a function, and it has the environment of the server"),
    Patch((http.server.BaseHTTPRequestHandler,), "parse_request", wrapped(gate.parse_request),
          "a page could answer in place of a function: the runtime API of an invocation takes any request"),
    Patch((lambda_svc,), "_execute_function_provided", functions.with_output, "a function's output is dropped"),
    Patch((socketserver.BaseServer.serve_forever,), "__defaults__", new((0.01,)),
          "every invocation waits for its own runtime API to end, which looks up from its socket this often (seconds)"),
    # Schedules are fired by the demo and the tests: a tick in the middle of one would change it.
    Patch((eventbridge, scheduler), "start_scheduler", new(lambda: None), "schedules fire by the clock"),
    # CloudFormation: resources
    Patch((RESOURCES,), "AWS::ECS::TaskDefinition", new(resources_ecs.task_definition_handlers()),
          "tags, storage and health checks are lost"),
    Patch((RESOURCES,), "AWS::ECS::Service", new(resources_ecs.service_handlers()),
          "circuit breaker and strategy are lost, an update changes nothing"),
    Patch((RESOURCES,), "AWS::AppConfig::ConfigurationProfile", resources_appconfig.profile_handlers,
          "an update makes another profile; one with versions can be deleted"),
    Patch((RESOURCES,), "AWS::AppConfig::HostedConfigurationVersion", new(resources_appconfig.version_handlers()),
          "numbers are given twice, nothing is validated"),
    Patch((RESOURCES,), "AWS::AppConfig::Deployment", new(resources_appconfig.deployment_handlers()),
          "deleting the resource takes the deployment back"),
    Patch((RESOURCES,), "AWS::ECR::Repository", new(resources.repository_handlers()),
          "exclusions from immutability are lost"),
    Patch((RESOURCES,), "AWS::CloudWatch::Alarm", resources.alarm_handlers, "alarms on metric math are refused"),
    Patch((RESOURCES,), "AWS::SecretsManager::Secret", resources.secret_handlers, "an update makes another secret"),
    # CloudFormation: templates and stacks
    Patch((engine, ministack_stacks), "_resolve_refs", resources.with_json, "`Fn::ToJsonString` is left as it is"),
    Patch((provisioners, ministack_stacks), "_delete_resource", stacks.delete_unless_kept,
          "a DeletionPolicy is ignored"),
    Patch((provisioners, ministack_stacks), "_update_resource", stacks.update_with_attributes,
          "in a nested stack what is left alone loses its attributes"),
    Patch((ACTIONS,), "DeleteChangeSet", stacks.delete_change_set, "boto3 cannot read the answer"),
    Patch((ACTIONS,), "DescribeStacks", stacks.describe_stacks, "`sam delete` cannot read the answer"),
]

# What MiniStack lacks: added, nothing is replaced.
ADDED = {scaling.KIND: scaling.handlers(), budgets.KIND: budgets.handlers()}


def install():
    """Replaces all of it; ends the program when MiniStack is not the one that this was written for."""
    installed = importlib.metadata.version("ministack")
    if installed != MINISTACK:
        sys.exit(f"MiniStack {installed} is installed, expected {MINISTACK}: xtask/emulator/patches.py replaces parts of "
                 f"{MINISTACK}. Remove .tools to install it again, or adapt patches.py to {installed}.")
    for patch in PATCHES:
        table = isinstance(patch.owners[0], dict)
        original = patch.owners[0][patch.name] if table else getattr(patch.owners[0], patch.name)
        replacement = patch.make(original)
        for owner in patch.owners:
            if table:
                owner[patch.name] = replacement
            else:
                setattr(owner, patch.name, replacement)
    RESOURCES.update(ADDED)
