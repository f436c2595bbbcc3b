"""Recipe search: by name, ingredients and description, in other forms and by beginnings, one's own only."""

from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.conftest import NewUser, User
from tests.database.data_api import DataApi

pytestmark = pytest.mark.covers(
    "document_meals_on_insert",
    "document_meals_on_update",
    "document_ingredients_on_insert",
    "document_ingredients_on_update",
    "document_ingredients_on_delete",
)


@pytest.fixture(scope="module")
def cook(new_user: NewUser) -> User:
    """Somebody with recipes."""
    user = new_user()
    add(user, "Chickpea curry", "With coconut milk.", ["chickpeas", "Tomatoes", "spinach"])
    add(user, "Crème brûlée", "A dessert.", ["cream", "eggs"])
    add(user, "Tomato soup", None, ["onions"])
    add(user, "Kartoffelsuppe", "Mit Möhren.", ["Kartoffeln"])
    return user


def add(user: User, name: str, description: str | None, ingredients: list[str]) -> str:
    """A new recipe; its id."""
    items = [{"food_item_name": food, "quantity": 1, "unit": "piece"} for food in ingredients]
    meal = {"name": name, "description": description, "ingredients": items}
    return str(user.client.rpc("create_meal", {"meal": meal}).execute().data["id"])  # type: ignore[index,call-overload]


def search(user: User, query: str, **arguments: Any) -> list[str]:
    """The names of what is found, in order."""
    found: Any = user.client.rpc("search_recipes", {"query": query} | arguments).execute().data
    return [row["name"] for row in found]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("curry", ["Chickpea curry"]),
        ("CURRIES", ["Chickpea curry"]),
        ("chick", ["Chickpea curry"]),
        ("spinach", ["Chickpea curry"]),
        ("coconut milk", ["Chickpea curry"]),
        ("curry with milk", ["Chickpea curry"]),
        ("creme brulee", ["Crème brûlée"]),
        ("Brûl", ["Crème brûlée"]),
        ("kartoffel", ["Kartoffelsuppe"]),
        ("kartoffel mohren", ["Kartoffelsuppe"]),
        # In the name counts more than in an ingredient.
        ("tomatoes", ["Tomato soup", "Chickpea curry"]),
        ("tom", ["Tomato soup", "Chickpea curry"]),
        ("curry soup", []),
        ("pea", []),
        ("the", []),
        ("", []),
        ("  !?&|:*()' ", []),
    ],
)
def test_search_finds_by_words_their_forms_and_beginnings(cook: User, query: str, found: list[str]) -> None:
    assert search(cook, query) == found


def test_search_follows_every_change_of_a_recipe(new_user: NewUser) -> None:
    user = new_user()
    client = user.client
    soup = add(user, "Soup", None, ["leeks"])
    client.table("meals").update({"name": "Stew", "description": "Hearty."}).eq("id", soup).execute()
    assert (search(user, "soup"), search(user, "hearty leek")) == ([], ["Stew"])
    client.table("meal_ingredients").update({"food_item_name": "swede"}).eq("meal_id", soup).execute()
    assert (search(user, "leek"), search(user, "swede")) == ([], ["Stew"])
    client.table("meal_ingredients").delete().eq("meal_id", soup).execute()
    assert (search(user, "swede"), search(user, "stew")) == ([], ["Stew"])
    client.table("meals").delete().eq("id", soup).execute()
    assert search(user, "stew") == []


def test_other_users_recipes_are_not_found(cook: User, new_user: NewUser) -> None:
    other_user = new_user()
    assert search(cook, "curry") == ["Chickpea curry"]
    assert search(other_user, "curry") == []


def test_anon_cannot_search(data_api: DataApi, cook: User) -> None:
    assert data_api.post("rpc/search_recipes", {"query": "curry"}, by=cook).status_code == 200
    assert data_api.post("rpc/search_recipes", {"query": "curry"}, by=None).status_code == 401


def test_results_can_be_limited_and_embed_ingredients(data_api: DataApi, cook: User) -> None:
    assert search(cook, "tomato", max_results=1) == ["Tomato soup"]
    answer = data_api.post(
        "rpc/search_recipes?select=name,meal_ingredients(food_item_name)", {"query": "onion"}, by=cook
    )
    assert answer.json() == [{"name": "Tomato soup", "meal_ingredients": [{"food_item_name": "onions"}]}]


@pytest.mark.parametrize("arguments", [{"query": "x" * 201}, {"query": "x", "max_results": 0}])
def test_a_search_out_of_bounds_is_refused(data_api: DataApi, cook: User, arguments: Any) -> None:
    refused = data_api.post("rpc/search_recipes", arguments, by=cook)
    assert refused.status_code == 422
    assert refused.json()["hint"] == "Shorten the query, or leave max_results out (50)."
    assert data_api.post("rpc/search_recipes", {"query": "x" * 200}, by=cook).status_code == 200


def test_every_recipe_has_its_document(db: psycopg.Connection[DictRow]) -> None:
    missing = db.execute("""
        select m.id from public.meals as m
        left join private.recipe_documents as d on d.meal_id = m.id and d.user_id = m.user_id
        where d.meal_id is null
    """)
    assert missing.fetchall() == []
