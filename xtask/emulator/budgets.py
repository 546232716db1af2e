"""AWS Budgets, which MiniStack has not: moto's, behind the same address, with the budgets of the templates."""

import asyncio

import autoscaling

KIND = "AWS::Budgets::Budget"


def install():
    from ministack.services.cloudformation import provisioners

    provisioners._RESOURCE_HANDLERS[KIND] = {
        "create": lambda _logical_id, props, _stack: create(props),
        "update": lambda _id, _old, props, _stack: create(props),
        "delete": lambda name, _props: _budgets().pop(name, None),
    }


def _budgets():
    from moto.budgets.models import budgets_backends

    from server import ACCOUNT

    return budgets_backends[ACCOUNT]["aws"].budgets[ACCOUNT]


def create(props):
    """What CloudFormation does with a budget: limit and period become the template's, what is spent stays."""
    from moto.budgets.models import Budget

    given = dict(props["Budget"])
    limit = given["BudgetLimit"]
    given["BudgetLimit"] = {"Amount": str(limit["Amount"]), "Unit": limit["Unit"]}
    name = given["BudgetName"]
    known = _budgets().get(name)
    if known and "CalculatedSpend" in known.budget:
        given["CalculatedSpend"] = known.budget["CalculatedSpend"]
    _budgets()[name] = Budget(given, [])
    return name, {}


def spend(request):
    """So much is spent, as nobody but the account's owner would bring about; `limit` raises the limit by hand."""
    budget = _budgets()[request["budget"]].budget
    unit = budget["BudgetLimit"]["Unit"]
    told = {"ActualSpend": {"Amount": request["actual"], "Unit": unit}}
    if request.get("forecast"):
        told["ForecastedSpend"] = {"Amount": request["forecast"], "Unit": unit}
    budget["CalculatedSpend"] = told
    if request.get("limit"):
        budget["BudgetLimit"] = {"Amount": request["limit"], "Unit": unit}
    return {}


def beside(app):
    """`app`, with Budgets beside it."""

    async def application(scope, receive, send):
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
        if "/budgets/aws4_request" not in headers.get("authorization", ""):
            return await app(scope, receive, send)
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body")
        status, kept, content = await asyncio.to_thread(autoscaling.handle, scope["path"], headers, body)
        pairs = [(name.encode(), value.encode()) for name, value in kept.items()]
        pairs.append((b"content-length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": content})

    return application
