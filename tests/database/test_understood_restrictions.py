"""Allergies and diets that nobody knows are told, where a person enters them and where they count."""

from typing import Any

import pytest

from tests.conftest import NewUser, User
from tests.database import kitchen
from tests.database.data_api import DataApi
from tests.database.kitchen import answer, avoids, call, recipe, warnings
from tests.database.tables import AI_REQUEST, Row, only


@pytest.fixture(scope="module")
def person(new_user: NewUser) -> User:
    return new_user(timezone=kitchen.ZONE)


@pytest.fixture
def owner(person: User) -> User:
    return kitchen.empty(person)


def understood(by: User, **entries: list[str]) -> list[Row]:
    """What understood_restrictions says, of the profile unless entries are given."""
    rows: list[Row] = call(by, "understood_restrictions", **entries)
    return rows


def test_every_allergen_is_understood_by_both_its_names(owner: User) -> None:
    for allergen in call(owner, "allergens"):
        for name in (allergen["english"], allergen["german"]):
            row = only(understood(owner, allergies=[name]))
            assert (row["is_understood"], row["allergens"]) == (True, [allergen["code"]]), name


@pytest.mark.parametrize(
    ("allergy", "is_understood", "not_understood", "allergens"),
    [
        ("cheese", True, [], ["milk"]),
        ("Severe nut allergy", True, [], ["peanuts", "tree_nuts"]),
        ("shellfish", True, [], ["crustaceans", "molluscs"]),
        ("gluten-free", True, [], ["gluten"]),
        # Foods that are no allergens, but known.
        ("Erdbeeren", True, [], []),
        ("tomatoes", True, [], []),
        ("histamine", False, ["histamine"], []),
        ("FODMAP", False, ["FODMAP"], []),
        ("Nickel", False, ["Nickel"], []),
        ("nuts, histamine and Nickel", False, ["histamine", "Nickel"], ["peanuts", "tree_nuts"]),
    ],
)
def test_an_allergy_is_understood_or_said_not_to_be(
    owner: User, allergy: str, is_understood: bool, not_understood: list[str], allergens: list[str]
) -> None:
    assert only(understood(owner, allergies=[allergy])) == {
        "kind": "allergy",
        "entry": allergy,
        "is_understood": is_understood,
        "not_understood": not_understood,
        "allergens": allergens,
    }


@pytest.mark.parametrize(
    "diet", ["vegan", "Vegetarisch", "pescatarian", "kosher", "halal", "no pork", "zuckerfrei"]
)
def test_a_diet_that_leaves_something_out_is_understood(owner: User, diet: str) -> None:
    row = only(understood(owner, dietary=[diet]))
    assert (row["kind"], row["is_understood"], row["not_understood"]) == ("diet", True, [])


@pytest.mark.parametrize("diet", ["low carb", "keto", "low FODMAP", "paleo"])
def test_a_diet_that_leaves_nothing_out_is_not_understood(owner: User, diet: str) -> None:
    row = only(understood(owner, dietary=[diet]))
    assert (row["is_understood"], row["not_understood"]) == (False, [diet])


def test_without_entries_the_profile_is_asked_about(owner: User, new_user: NewUser) -> None:
    avoids(owner, "milk", "histamine", dietary=("vegan",))
    assert [(row["kind"], row["entry"]) for row in understood(owner)] == [
        ("allergy", "milk"),
        ("allergy", "histamine"),
        ("diet", "vegan"),
    ]
    # A form asks about what isn't saved yet.
    assert [row["entry"] for row in understood(owner, allergies=["kelp"])] == ["kelp"]
    assert understood(owner, allergies=[]) == []
    assert understood(new_user()) == []


@pytest.mark.parametrize(
    "entries",
    [{"allergies": ["x" * 51]}, {"allergies": [" "]}, {"allergies": ["x"] * 51}, {"dietary": ["x"] * 21}],
)
def test_more_than_a_profile_holds_is_refused(data_api: DataApi, owner: User, entries: Row) -> None:
    refused = data_api.post("rpc/understood_restrictions", entries, by=owner)
    assert (refused.status_code, refused.json()["code"]) == (422, "PT422")
    assert refused.json()["hint"]


def test_anon_cannot_ask_what_is_understood(data_api: DataApi, owner: User) -> None:
    for by, status in ((None, 401), (owner, 200)):
        asked = data_api.post("rpc/understood_restrictions", {"allergies": ["milk"]}, by=by)
        assert asked.status_code == status


def test_what_is_not_understood_matches_as_a_word(owner: User) -> None:
    avoids(owner, "quinine")
    recipe(owner, "Quinine jelly", (1, "l", "quinine water"))
    recipe(owner, "Tonic jelly", (1, "l", "tonic water"))
    assert kitchen.names(kitchen.plan(owner)) == ["Tonic jelly"]


@pytest.mark.parametrize(
    ("allergies", "dietary", "said"),
    [
        ([], (), {}),
        (["milk", "Erdbeeren"], ("vegan",), {}),
        (
            ["histamine", "milk"],
            ("low carb",),
            {
                "unknown_allergy": '"histamine" isn\'t one of the known allergens: '
                "only foods with this word in their names are left out.",
                "unknown_diet": '"low carb" isn\'t a known diet: nothing is left out for it.',
            },
        ),
        (
            ["nuts, histamine", "FODMAP"],
            ("low carb", "keto"),
            {
                "unknown_allergy": '"FODMAP" and "histamine" aren\'t among the known allergens: '
                "only foods with these words in their names are left out.",
                "unknown_diet": '"keto" and "low carb" aren\'t known diets: nothing is left out for them.',
            },
        ),
    ],
)
def test_every_answer_with_meals_names_what_is_not_understood(
    owner: User, allergies: list[str], dietary: tuple[str, ...], said: dict[str, str]
) -> None:
    avoids(owner, *allergies, dietary=dietary)
    assert warnings(answer(owner)) == said
    # The model's answer, too: the check knows no more than the planner.
    for kind, expected in (("meal_suggestions", said), ("workout_suggestions", {})):
        started: Any = call(owner, "start_suggestions", **AI_REQUEST | {"kind": kind, "request": {}})
        used = {"outcome": "ok", "latency_ms": 1, "input_tokens": 1, "output_tokens": 1}
        finished = call(
            owner, "finish_suggestions", ticket=started["ticket"], suggestions=[], request={}, **used
        )
        assert warnings(finished) == expected
