"""Where tasks run: capacity providers and the capacity of Spot."""

from ministack.core.responses import error_response_json

SPOT = "FARGATE_SPOT"
REFUSED = (
    "When switching from launch type to capacity provider strategy on an existing service, or making a change to a "
    "capacity provider strategy on a service that is already using one, you must force a new deployment."
)

# Whether Spot has capacity; the control API sets it.
_spot = {"capacity": True}


def set_spot(request):
    """Takes Spot's capacity away or gives it back. Running tasks keep running; new ones do not start."""
    _spot["capacity"] = bool(request["capacity"])
    return {}


def strategy(items):
    """A strategy as it is compared: order and what is left out do not count."""
    full = [(item["capacityProvider"], item.get("base", 0), item.get("weight", 0)) for item in items or []]
    return sorted(full)


def refusal(service, data):
    """AWS's refusal of a change of strategy that forces no deployment, else None."""
    if "capacityProviderStrategy" not in data or data.get("forceNewDeployment"):
        return None
    if strategy(data["capacityProviderStrategy"]) == strategy(service.get("capacityProviderStrategy")):
        return None
    return error_response_json("InvalidParameterException", REFUSED, 400)


def providers(deployment, running, count):
    """The providers of `count` more tasks of a deployment of which these run: bases first, then by weight."""
    items = deployment.get("capacityProviderStrategy")
    if not items:
        return [None] * count
    placed = {item["capacityProvider"]: 0 for item in items}
    for task in running:
        if task.get("capacityProviderName") in placed:
            placed[task["capacityProviderName"]] += 1
    chosen = []
    for _ in range(count):
        item = min(items, key=lambda item: share(item, placed[item["capacityProvider"]]))
        placed[item["capacityProvider"]] += 1
        chosen.append(item["capacityProvider"])
    return chosen


def share(item, placed):
    """How well a provider is served already: one that lacks its base comes first, one without weight last."""
    base, weight = item.get("base", 0), item.get("weight", 0)
    if placed < base:
        return (0, 0, 0)
    return (1, (placed - base + 1) / weight, -weight) if weight else (2, 0, 0)


def has_room(provider):
    return provider != SPOT or _spot["capacity"]


def could_run(deployment, count):
    """Is there capacity for that many tasks of a deployment that has none yet?"""
    return all(has_room(provider) for provider in providers(deployment, [], count))
