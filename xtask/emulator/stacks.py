"""CloudFormation stacks: what MiniStack forgets when it updates and deletes them."""


def install():
    from ministack.services.cloudformation import _stacks, handlers, helpers, provisioners, stacks

    delete, update = provisioners._delete_resource, provisioners._update_resource

    def delete_unless_kept(kind, physical_id, props, stack_name=None, logical_id=None):
        if not kept(_stacks, stack_name, logical_id):
            delete(kind, physical_id, props, stack_name, logical_id)

    def update_with_attributes(kind, physical_id, old, new, stack_name, logical_id=None, attributes=None):
        # In a nested stack, what an update leaves alone would lose its attributes, and so whatever refers to them.
        if attributes is None:
            resources = _stacks.get(stack_name, {}).get("_resources", {})
            attributes = resources.get(logical_id, {}).get("Attributes")
        return update(kind, physical_id, old, new, stack_name, logical_id, attributes)

    delete_change_set = handlers._ACTION_HANDLERS["DeleteChangeSet"]

    def delete_change_set_with_result(params):
        answer = delete_change_set(params)
        # boto3 looks for a result, even an empty one.
        return helpers._xml(200, "DeleteChangeSetResponse", "<DeleteChangeSetResult/>") if answer[0] == 200 else answer

    describe_stacks = handlers._ACTION_HANDLERS["DescribeStacks"]

    def describe_stacks_with_protection(params):
        # `sam delete` asks for it.
        status, headers, body = describe_stacks(params)
        protection = b"<EnableTerminationProtection>false</EnableTerminationProtection><DisableRollback>"
        return status, headers, body.replace(b"<DisableRollback>", protection)

    handlers._ACTION_HANDLERS.update(
        DeleteChangeSet=delete_change_set_with_result, DescribeStacks=describe_stacks_with_protection
    )
    provisioners._delete_resource = stacks._delete_resource = delete_unless_kept
    provisioners._update_resource = stacks._update_resource = update_with_attributes


def kept(stacks, name, logical_id):
    """Does the resource's DeletionPolicy keep it? `RetainExceptOnCreate` does not while a creation is taken back."""
    stack = stacks.get(name) or {}
    resource = stack.get("_template", {}).get("Resources", {}).get(logical_id, {})
    policy = resource.get("DeletionPolicy", "Delete")
    if policy != "RetainExceptOnCreate":
        return policy == "Retain"
    while stack:
        if stack["StackStatus"] == "ROLLBACK_IN_PROGRESS":
            return False
        stack = stacks.get(stack.get("_parent_stack_name"))
    return True
