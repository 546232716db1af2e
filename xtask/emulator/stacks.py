"""CloudFormation stacks: what MiniStack forgets when it updates and deletes them."""

from ministack.services.cloudformation import _stacks, helpers


def delete_unless_kept(delete):
    """`delete`, for resources that their DeletionPolicy does not keep."""

    def delete_resource(kind, physical_id, props, stack_name=None, logical_id=None):
        if not kept(stack_name, logical_id):
            delete(kind, physical_id, props, stack_name, logical_id)

    return delete_resource


def update_with_attributes(update):
    """`update`, for nested stacks too: what an update leaves alone keeps its attributes, to which others refer."""

    def update_resource(kind, physical_id, old, new, stack_name, logical_id=None, attributes=None):
        if attributes is None:
            resources = _stacks.get(stack_name, {}).get("_resources", {})
            attributes = resources.get(logical_id, {}).get("Attributes")
        return update(kind, physical_id, old, new, stack_name, logical_id, attributes)

    return update_resource


def delete_change_set(delete):
    """`delete`, with a result, even an empty one, for which boto3 looks."""

    def delete_change_set(params):
        answer = delete(params)
        return helpers._xml(200, "DeleteChangeSetResponse", "<DeleteChangeSetResult/>") if answer[0] == 200 else answer

    return delete_change_set


def describe_stacks(describe):
    """`describe`, with the termination protection that `sam delete` reads."""

    def describe_stacks(params):
        status, headers, body = describe(params)
        protection = b"<EnableTerminationProtection>false</EnableTerminationProtection><DisableRollback>"
        return status, headers, body.replace(b"<DisableRollback>", protection)

    return describe_stacks


def kept(name, logical_id):
    """Does the resource's DeletionPolicy keep it? `RetainExceptOnCreate` does not while a creation is rolled back."""
    stack = _stacks.get(name) or {}
    resource = stack.get("_template", {}).get("Resources", {}).get(logical_id, {})
    policy = resource.get("DeletionPolicy", "Delete")
    if policy != "RetainExceptOnCreate":
        return policy == "Retain"
    while stack:
        if stack["StackStatus"] == "ROLLBACK_IN_PROGRESS":
            return False
        stack = _stacks.get(stack.get("_parent_stack_name"))
    return True
