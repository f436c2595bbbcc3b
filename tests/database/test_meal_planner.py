"""The built-in planner of meals: which dishes it suggests, in which order, and what it says of them."""

import random
from typing import Any

import pytest

from tests.conftest import NewUser, User
from tests.database import kitchen
from tests.database.data_api import DataApi
from tests.database.kitchen import (
    ZONE,
    answer,
    avoids,
    cooked,
    day,
    event,
    lot,
    names,
    plan,
    plan_all,
    planned,
    recipe,
    warnings,
)
from tests.database.tables import Row, only


@pytest.fixture(scope="module")
def person(new_user: NewUser) -> User:
    return new_user(timezone=ZONE, currency="EUR")


@pytest.fixture
def owner(person: User) -> User:
    return kitchen.empty(person)


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user(timezone="America/Los_Angeles")


# The planner's ranking.


def test_what_is_at_home_counts_most(owner: User) -> None:
    lot(owner, 1, "kg", "rice")
    lot(owner, 100, "g", "cream", expires_in=1)
    recipe(owner, "A soup", (100, "g", "cream"), (1, "kg", "pumpkin"), (1, "piece", "onion"))
    recipe(owner, "Rice", (200, "g", "rice"))
    recipe(owner, "Nothing at home", (1, "kg", "lobster"))
    suggestions = plan(owner)
    assert names(suggestions) == ["Rice", "A soup", "Nothing at home"]
    assert [(s["in_pantry"], s["missing"]) for s in suggestions] == [
        (["rice"], []),
        (["cream"], ["pumpkin", "onion"]),
        ([], ["lobster"]),
    ]


def test_what_expires_comes_first_when_both_are_at_home(owner: User) -> None:
    lot(owner, 1, "kg", "rice")
    lot(owner, 500, "g", "spinach", expires_in=3)
    lot(owner, 500, "g", "carrots", expires_in=4)
    recipe(owner, "Carrots", (200, "g", "carrots"))
    recipe(owner, "Rice", (200, "g", "rice"))
    recipe(owner, "Spinach", (200, "g", "spinach"))
    suggestions = plan(owner)
    assert names(suggestions) == ["Spinach", "Carrots", "Rice"]
    assert [s["uses_expiring"] for s in suggestions] == [["spinach"], [], []]
    assert "You have everything at home, and it uses the spinach, good until " in suggestions[0]["reason"]


def test_what_was_cooked_long_ago_comes_first(owner: User) -> None:
    for name, days_ago in (("Days ago", 3), ("Last week", 7), ("Weeks ago", 21), ("Never", None)):
        meal = recipe(owner, name)
        if days_ago:
            cooked(owner, meal, days_ago)
            cooked(owner, meal, days_ago + 30)
    suggestions = plan(owner, count=4)
    assert names(suggestions) == ["Never", "Weeks ago", "Last week", "Days ago"]
    assert "You haven't cooked it yet." in suggestions[0]["reason"]
    assert "You last cooked it 7 days ago." in suggestions[2]["reason"]


def test_what_was_eaten_just_now_comes_after_everything_else(owner: User) -> None:
    lot(owner, 1, "kg", "rice")
    cooked(owner, recipe(owner, "Yesterday", (100, "g", "rice")), 1)
    planned(owner, recipe(owner, "Tomorrow", (100, "g", "rice")), day(1))
    assert plan(owner, count=5) == []
    recipe(owner, "Not at all lately", (1, "kg", "lobster"))
    assert names(plan(owner, count=5)) == ["Not at all lately"]


def test_what_is_planned_for_the_coming_week_comes_later(owner: User) -> None:
    for name, offset in (("A planned", 7), ("B planned later", 8)):
        planned(owner, recipe(owner, name), day(offset))
    recipe(owner, "C not planned")
    assert names(plan(owner)) == ["B planned later", "C not planned", "A planned"]


def test_dishes_on_one_table_differ(owner: User) -> None:
    for food in ("rice", "chickpeas", "cream", "pasta", "eggs"):
        lot(owner, 2, "kg", food)
    recipe(owner, "Chickpea rice", (100, "g", "rice"), (100, "g", "chickpeas"), (50, "g", "cream"))
    recipe(owner, "Chickpea rice again", (100, "g", "rice"), (100, "g", "chickpeas"), (60, "g", "cream"))
    recipe(owner, "Pasta with eggs", (100, "g", "pasta"), (2, "piece", "eggs"))
    assert names(plan(owner)) == ["Chickpea rice", "Pasta with eggs", "Chickpea rice again"]


def test_a_dish_like_the_one_of_yesterday_comes_later(owner: User) -> None:
    for food in ("rice", "chickpeas", "pasta", "eggs"):
        lot(owner, 2, "kg", food)
    recipe(owner, "Another chickpea rice", (100, "g", "rice"), (100, "g", "chickpeas"))
    recipe(owner, "Pasta with eggs", (100, "g", "pasta"), (100, "g", "eggs"))
    assert names(plan(owner)) == ["Another chickpea rice", "Pasta with eggs"]
    cooked(owner, recipe(owner, "Chickpea rice", (100, "g", "rice"), (100, "g", "chickpeas")), 1)
    assert names(plan(owner)) == ["Pasta with eggs", "Another chickpea rice"]


def test_the_same_kitchen_gives_the_same_answer(owner: User) -> None:
    for name in ("Beans", "Apple pie", "Curry", "Dal"):
        recipe(owner, name, (1, "piece", "onion"))
    first = plan(owner, count=4)
    assert names(first) == ["Apple pie", "Beans", "Curry", "Dal"]
    assert plan(owner, count=4) == first


@pytest.mark.parametrize(
    ("request_", "expected"), [({}, 3), ({"count": 1}, 1), ({"count": 5}, 5), ({"count": 2.0}, 2)]
)
def test_as_many_are_suggested_as_asked_for(owner: User, request_: Row, expected: int) -> None:
    for number in range(6):
        recipe(owner, f"Recipe {number}")
    assert len(plan(owner, **request_)) == expected


def test_other_peoples_kitchens_do_not_count(owner: User, other_user: User) -> None:
    recipe(other_user, "Their rice", (200, "g", "rice"))
    lot(other_user, 1, "kg", "rice")
    recipe(owner, "My rice", (200, "g", "rice"))
    suggestion = only(plan(owner))
    assert suggestion["meal"]["name"] == "My rice"
    assert (suggestion["in_pantry"], suggestion["missing"]) == ([], ["rice"])


# What may be suggested at all.


@pytest.mark.parametrize(
    ("allergy", "name", "food"),
    [
        ("peanut", "Satay", "peanut butter"),
        ("Nüsse", "Cake", "almond milk"),
        ("gluten", "Dinner", "Weizenmehl"),
        ("milk", "Grandma's cheesecake", "lemon"),
        ("egg", "Omelette", "eggs"),
        ("Tomatoes", "Pasta", "chopped tomato"),
        ("kiwi", "Fruit salad", "kiwis"),
    ],
)
def test_an_allergy_excludes_a_recipe(owner: User, allergy: str, name: str, food: str) -> None:
    recipe(owner, name, (1, "piece", "lemon"), (100, "g", food))
    recipe(owner, "Plain rice", (100, "g", "rice"))
    assert sorted(names(plan(owner))) == sorted(["Plain rice", name])
    avoids(owner, "celery", allergy)
    assert names(plan(owner)) == ["Plain rice"]
    assert [known["name"] for known in kitchen.context(owner)["recipes"]] == ["Plain rice"]


def test_an_allergy_to_something_else_excludes_nothing(owner: User) -> None:
    recipe(owner, "Satay", (100, "g", "peanut butter"))
    avoids(owner, "walnut", "butter beans", "fish")
    assert names(plan(owner)) == ["Satay"]


def test_what_is_not_listed_cannot_be_called_safe(owner: User) -> None:
    recipe(owner, "Grandma's secret")
    assert names(plan(owner)) == ["Grandma's secret"]
    avoids(owner, dietary=("vegan",))
    assert names(plan(owner)) == ["Grandma's secret"]
    avoids(owner, "sesame")
    assert plan(owner) == []


@pytest.mark.parametrize(
    ("diet", "food"),
    [
        ("vegetarian", "bacon"),
        ("vegan", "honey"),
        ("pescatarian", "chicken"),
        ("halal", "ham"),
        ("gluten-free", "flour"),
    ],
)
def test_a_diet_excludes_a_recipe(owner: User, diet: str, food: str) -> None:
    recipe(owner, "Dinner", (1, "piece", "lemon"), (100, "g", food))
    recipe(owner, "Plain rice", (100, "g", "rice"))
    assert sorted(names(plan(owner))) == ["Dinner", "Plain rice"]
    avoids(owner, dietary=(diet,))
    assert names(plan(owner)) == ["Plain rice"]


def test_among_hundreds_of_unsuitable_recipes_the_suitable_ones_are_found(owner: User) -> None:
    lot(owner, 100, "kg", "ham")
    made = [{"name": f"Ham {number:03}"} for number in range(250)]
    meals: Any = owner.client.table("meals").insert(made).execute().data
    owner.client.table("meal_ingredients").insert(
        [{"meal_id": meal["id"], "food_item_name": "ham", "quantity": 1, "unit": "g"} for meal in meals]
    ).execute()
    recipe(owner, "Lentils", (100, "g", "lentils"))
    assert names(plan(owner))[0] == "Ham 000"
    avoids(owner, dietary=("vegetarian",))
    assert names(plan(owner)) == ["Lentils"]


def test_a_limit_of_minutes_excludes_what_takes_longer(owner: User) -> None:
    recipe(owner, "Exactly", prep_time=10, cook_time=20)
    recipe(owner, "Longer", prep_time=10, cook_time=21)
    recipe(owner, "Who knows", prep_time=10, cook_time=None)
    assert names(plan(owner, max_total_minutes=30)) == ["Exactly"]
    assert names(plan(owner, max_total_minutes=30.0)) == ["Exactly"]
    assert names(plan(owner)) == ["Exactly", "Longer", "Who knows"]


# At home, or missing.


@pytest.mark.parametrize(
    ("lots", "need", "there"),
    [
        ([(1, "kg", "chickpeas")], (800, "g", "chickpeas"), True),
        ([(0.5, "kg", "chickpeas")], (800, "g", "chickpeas"), False),
        ([(500, "g", "chickpeas"), (0.3, "kg", "chickpeas")], (800, "g", "chickpeas"), True),
        ([(500, "g", "chickpeas"), (0.299, "kg", "chickpeas")], (800, "g", "chickpeas"), False),
        ([(1, "lb", "butter")], (453, "g", "butter"), True),
        ([(1, "lb", "butter")], (454, "g", "butter"), False),
        ([(16, "oz", "butter")], (1, "lb", "butter"), True),
        ([(1, "l", "milk")], (10, "dl", "milk"), True),
        ([(1, "L", "milk")], (101, "cl", "milk"), False),
        ([(3, "tsp", "oil")], (1, "tbsp", "oil"), True),
        ([(1, "cup", "oil")], (237, "ml", "oil"), False),
        ([(4, "pcs", "eggs")], (4, "piece", "eggs"), True),
        ([(3, "pc", "eggs")], (4, "pieces", "eggs"), False),
        # The name: stems, and not how it is cut or kept.
        ([(1, "kg", "Fresh tomatoes")], (2, "g", "chopped tomato"), True),
        ([(1, "kg", "tomato paste")], (2, "g", "tomatoes"), False),
        ([(1, "kg", "coconut milk")], (2, "g", "milk"), False),
        # No common unit: being there counts, but no conversion is guessed.
        ([(2, "cans", "chickpeas")], (800, "g", "chickpeas"), True),
        ([(1, "bunch", "dill")], (2, "bunch", "dill"), False),
        ([(2, "bunch", "dill")], (2, "Bunch", "dill"), True),
        ([(1, "bunch", "dill"), (5, "g", "dill")], (2, "bunch", "dill"), False),
        ([(1, "kg", "honey")], (1, "l", "honey"), True),
        # Other names of the same food.
        ([(1, "kg", "Basmatireis")], (200, "g", "rice"), True),
        ([(6, "piece", "Eier")], (2, "piece", "eggs"), True),
        ([(500, "g", "penne")], (200, "g", "pasta"), True),
        ([(500, "g", "rice noodles")], (200, "g", "rice"), False),
        # Names without a word that says what it is.
        ([(1, "kg", "Other")], (1, "g", "Same"), False),
    ],
)
def test_units_are_compared_and_never_guessed(
    owner: User, lots: list[tuple[float, str, str]], need: tuple[float, str, str], there: bool
) -> None:
    for one in lots:
        lot(owner, *one)
    recipe(owner, "Dinner", need)
    suggestion = only(plan(owner))
    assert suggestion["in_pantry"] == ([need[2]] if there else [])
    assert suggestion["missing"] == ([] if there else [need[2]])


@pytest.mark.parametrize(
    ("quantity", "expires_in", "there", "expiring"),
    [
        (1, None, True, False),
        (1, 4, True, False),
        (1, 3, True, True),
        (1, 0, True, True),
        (1, -1, False, False),
        (0, 3, False, False),
    ],
)
def test_only_what_is_left_and_good_counts(
    owner: User, quantity: float, expires_in: int | None, there: bool, expiring: bool
) -> None:
    lot(owner, quantity, "kg", "rice", expires_in)
    recipe(owner, "Rice", (100, "g", "rice"))
    suggestion = only(plan(owner))
    assert bool(suggestion["in_pantry"]) == there
    assert bool(suggestion["uses_expiring"]) == expiring


def test_nobody_keeps_count_of_water_and_salt(owner: User) -> None:
    lot(owner, 1, "kg", "rice")
    recipe(
        owner, "Rice", (300, "ml", "water"), (100, "g", "rice"), (1, "tsp", "sea salt"), (1, "tsp", "Pfeffer")
    )
    suggestion = only(plan(owner))
    assert (suggestion["in_pantry"], suggestion["missing"]) == (["rice"], [])
    assert "You have everything at home." in suggestion["reason"]
    avoids(owner, "salt")
    assert plan(owner) == []


def test_what_is_planned_has_the_first_claim(owner: User) -> None:
    lot(owner, 1, "kg", "rice")
    recipe(owner, "Rice", (800, "g", "rice"))
    assert only(plan(owner))["in_pantry"] == ["rice"]
    planned(owner, recipe(owner, "Paella", (150, "g", "rice"), (1, "kg", "mussels")), day(5), servings=4)
    assert {s["meal"]["name"]: s["missing"] for s in plan(owner)}["Rice"] == ["rice"]
    assert {s["meal"]["name"]: s["missing"] for s in plan(owner, servings=1)}["Rice"] == []


def test_plans_use_first_what_will_not_keep(owner: User) -> None:
    lot(owner, 500, "g", "spinach", expires_in=2)
    lot(owner, 500, "g", "spinach", expires_in=6)
    recipe(owner, "Spinach", (500, "g", "spinach"))
    planned(owner, recipe(owner, "Pie", (500, "g", "spinach")), day(1))
    suggestion = only(plan(owner, count=1, date=day(4)))
    assert (suggestion["in_pantry"], suggestion["uses_expiring"]) == (["spinach"], ["spinach"])


def test_what_is_bad_by_the_day_asked_for_does_not_count(owner: User) -> None:
    lot(owner, 500, "g", "spinach", expires_in=2)
    recipe(owner, "Spinach", (500, "g", "spinach"))
    assert only(plan(owner, date=day(2)))["uses_expiring"] == ["spinach"]
    assert only(plan(owner, date=day(3)))["missing"] == ["spinach"]


# Time.


def test_what_fits_the_time_before_the_meal_comes_first(owner: User) -> None:
    lot(owner, 2, "kg", "rice")
    event(owner, day(1), "17:00", "18:15")
    recipe(owner, "Slow rice", (100, "g", "rice"), prep_time=20, cook_time=40)
    recipe(owner, "Quick lobster", (1, "kg", "lobster"), prep_time=15, cook_time=30)
    assert names(plan(owner, count=5)) == ["Slow rice", "Quick lobster"]
    suggestions = plan_all(owner, count=5, date=day(1), meal_time="19:00")
    assert names(suggestions)[0] == "Quick lobster"
    assert "Ready in 45 minutes, and you have 45 before 19:00." in suggestions[0]["reason"]
    assert "Slow rice" not in names(suggestions)
    assert all(s["meal"]["prep_time"] + s["meal"]["cook_time"] <= 45 for s in suggestions)


def test_when_nothing_fits_the_time_it_says_so(owner: User) -> None:
    event(owner, day(1), "08:00", "18:50")
    recipe(owner, "Rice", (100, "g", "rice"))
    suggestions = plan_all(owner, count=5, date=day(1), meal_time="19:00")
    assert names(suggestions)[0] == "Rice"
    assert "Ready in 30 minutes, though you have only 10 before 19:00." in suggestions[0]["reason"]


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", "Australia/Sydney", "UTC"]
)
def test_time_is_the_owners_wall_clock(new_user: NewUser, zone: str) -> None:
    person = new_user(timezone=zone)
    tomorrow = day(1, zone)
    event(person, tomorrow, "17:00", "18:30", zone)
    recipe(person, "Rice", (100, "g", "rice"))
    reason = only(plan(person, date=tomorrow, meal_time="19:00"))["reason"]
    assert "Ready in 30 minutes, and you have 30 before 19:00." in reason


def test_something_on_at_the_time_of_the_meal_means_cooking_before_it(owner: User) -> None:
    event(owner, day(1), "10:00", "18:00")
    event(owner, day(1), "18:40", "19:30")
    recipe(owner, "Rice", (100, "g", "rice"))
    assert "and you have 40 before 19:00." in only(plan(owner, date=day(1), meal_time="19:00"))["reason"]


def test_breakfast_is_for_the_morning(owner: User) -> None:
    recipe(owner, "Banana pancakes", (2, "piece", "bananas"))
    recipe(owner, "Lentil stew", (100, "g", "lentils"))
    assert sorted(names(plan(owner, count=5))) == ["Banana pancakes", "Lentil stew"]
    assert names(plan(owner, count=5, date=day(1), meal_time="08:00")) == ["Banana pancakes"]
    assert names(plan(owner, count=5, date=day(1), meal_time="19:00")) == ["Lentil stew"]


def test_what_they_eat_in_the_morning_is_breakfast(owner: User) -> None:
    soup = recipe(owner, "Miso soup", (100, "g", "miso"))
    assert plan(owner, date=day(1), meal_time="08:00") == []
    planned(owner, soup, day(-9), meal_time="07:30", status="cooked")
    assert names(plan(owner, date=day(1), meal_time="08:00")) == ["Miso soup"]


def test_a_meal_after_midnight_is_cooked_the_evening_before(owner: User) -> None:
    recipe(owner, "Rice", (100, "g", "rice"))
    event(owner, day(1), "09:00", "23:45")
    assert "and you have 45 before 00:30." in only(plan(owner, date=day(2), meal_time="00:30"))["reason"]


@pytest.mark.parametrize(
    ("meal_time", "dish"),
    [
        ("04:15", "Banana pancakes"),
        ("10:29", "Banana pancakes"),
        ("10:30", "Lentil stew"),
        ("18:47", "Lentil stew"),
        ("23:59", "Lentil stew"),
        ("00:30", "Lentil stew"),
        ("03:30", "Lentil stew"),
    ],
)
def test_what_is_eaten_at_night_is_no_breakfast(owner: User, meal_time: str, dish: str) -> None:
    recipe(owner, "Banana pancakes", (2, "piece", "bananas"))
    recipe(owner, "Lentil stew", (100, "g", "lentils"))
    assert names(plan(owner, count=1, date=day(1), meal_time=meal_time)) == [dish]


def test_a_time_that_is_past_is_told(new_user: NewUser) -> None:
    person = new_user(timezone=ZONE)
    said = warnings(answer(person, meal_time="00:00"))["past_time"]
    assert "past 00:00" in said
    assert "the date of tomorrow" in said
    assert "past_time" not in warnings(answer(person, meal_time="00:00", date=day(1)))


# What can't be followed.


def test_notes_are_not_read(owner: User) -> None:
    assert "doesn't read notes" in warnings(answer(owner, notes="Something with mushrooms."))["notes_unread"]
    for notes in (None, "", " "):
        assert warnings(answer(owner, notes=notes)) == {}


OTHERS = "add recipes that keep to your allergies and diets, with their ingredients."


@pytest.mark.parametrize(
    ("allergies", "dietary", "request_", "found", "message"),
    [
        (
            [],
            (),
            {"max_total_minutes": 1},
            0,
            "No recipe fits, neither yours nor the basic ones: allow more than 1 min, or add recipes.",
        ),
        (
            [],
            ("vegan",),
            {"max_total_minutes": 10, "count": 5},
            3,
            f"Only 3 recipes fit: allow more than 10 min, or {OTHERS}",
        ),
        (
            ["milk", "eggs", "gluten"],
            ("vegan",),
            {"max_total_minutes": 10, "count": 5},
            1,
            f"Only one recipe fits: allow more than 10 min, or {OTHERS}",
        ),
        (
            ["milk", "gluten", "soy", "celery", "nuts", "fish", "eggs", "rice", "potatoes", "oil", "fruit"],
            (),
            {},
            0,
            f"No recipe fits, neither yours nor the basic ones: {OTHERS}",
        ),
    ],
    ids=["no time", "little time", "hardly any time and a diet", "allergic to nearly everything"],
)
def test_when_little_fits_it_is_said_why(
    owner: User, allergies: list[str], dietary: tuple[str, ...], request_: Row, found: int, message: str
) -> None:
    avoids(owner, *allergies, dietary=dietary)
    answered = answer(owner, **request_)
    assert (len(answered["suggestions"]), warnings(answered)["few_suggestions"]) == (found, message)


def test_a_far_day_gets_meals_and_a_word_on_the_pantry(owner: User) -> None:
    lot(owner, 1, "kg", "rice", expires_in=3)
    recipe(owner, "Rice", (100, "g", "rice"))
    answered = answer(owner, date=day(400))
    assert answered["suggestions"][0]["missing"] == ["rice"]
    assert "400 days away" in warnings(answered)["far_ahead"]
    assert warnings(answer(owner, date=day(28))) == {}


def test_a_reason_keeps_to_500_characters_and_whole_words(owner: User) -> None:
    foods = [f"{'word ' * 18}{letter}" for letter in "abcdef"]
    for food in foods[:4]:
        lot(owner, 500, "g", food, expires_in=1)
    recipe(owner, "Long", *[(100, "g", food) for food in foods])
    reason = only(plan(owner))["reason"]
    assert reason.startswith("You have everything but word word")
    assert len(reason) <= 500
    assert reason.endswith(" word…")


def test_amounts_are_in_the_persons_units(data_api: DataApi, new_user: NewUser) -> None:
    person = new_user(timezone=ZONE)
    metric = plan_all(person, count=5)
    person.client.table("profiles").update({"unit_system": "imperial"}).eq("id", person.id).execute()
    imperial = plan_all(person, count=5)
    assert names(imperial) == names(metric)
    factor = {"oz": 28.349523125, "tbsp": 14.78676478125, "cup": 236.5882365}
    converted = 0
    for ours, theirs in zip(metric, imperial, strict=True):
        assert data_api.post("rpc/create_meal", {"meal": theirs["meal"]}, by=person).is_success
        for one, other in zip(ours["meal"]["ingredients"], theirs["meal"]["ingredients"], strict=True):
            if one["unit"] in ("g", "ml"):
                converted += 1
                assert other["quantity"] * factor[other["unit"]] == pytest.approx(one["quantity"], rel=0.07)
            else:
                assert other == one
    assert converted > 5


# Basic recipes.


def test_an_empty_kitchen_gets_basic_recipes(data_api: DataApi, owner: User) -> None:
    suggestions = plan_all(owner, count=5)
    assert len(set(names(suggestions))) == 5
    for suggestion in suggestions:
        assert suggestion["meal_id"] is None
        assert "A basic recipe, not one of yours yet." in suggestion["reason"]
        assert suggestion["meal"]["servings"] == 2
        assert data_api.post("rpc/create_meal", {"meal": suggestion["meal"]}, by=owner).status_code == 200


def test_basic_recipes_fill_up_what_own_recipes_leave_open(owner: User) -> None:
    recipe(owner, "Lobster", (1, "kg", "lobster"))
    lot(owner, 1, "kg", "Kartoffeln")
    lot(owner, 10, "piece", "Eier")
    lot(owner, 1, "kg", "Zwiebeln")
    lot(owner, 1, "l", "Öl")
    suggestions = plan_all(owner, count=2)
    assert names(suggestions) == ["Lobster", "Fried potatoes with eggs"]
    assert suggestions[1]["missing"] == []
    for number in range(2):
        recipe(owner, f"Lobster {number}", (1, "kg", "lobster"))
    assert all(suggestion["meal_id"] for suggestion in plan_all(owner, count=3))


def test_a_basic_recipe_that_was_saved_is_their_own(owner: User) -> None:
    first = only(plan_all(owner, count=1))
    recipe(owner, first["meal"]["name"], (1, "piece", "onion"))
    suggestions = plan_all(owner, count=5)
    assert [s["meal_id"] is None for s in suggestions if s["meal"]["name"] == first["meal"]["name"]] == [
        False
    ]


def test_basic_recipes_are_scaled(owner: User) -> None:
    for_two = only(plan_all(owner, count=1))["meal"]
    for_five = only(plan_all(owner, count=1, servings=5))["meal"]
    assert (for_two["name"], for_five["servings"]) == (for_five["name"], 5)
    for two, five in zip(for_two["ingredients"], for_five["ingredients"], strict=True):
        assert five["quantity"] == pytest.approx(two["quantity"] * 2.5)


# The fourteen of EU Regulation 1169/2011.
ALLERGENS = [
    *("gluten", "crustaceans", "eggs", "fish", "peanuts", "soy", "milk", "tree nuts", "celery", "mustard"),
    *("sesame", "sulphites", "lupin", "molluscs"),
]
DIETS = ["vegetarian", "vegan", "pescatarian", "gluten-free", "lactose-free", "halal", "kosher"]


@pytest.mark.parametrize("request_", [{}, {"meal_time": "08:00"}], ids=["main", "breakfast"])
@pytest.mark.parametrize(
    ("allergies", "dietary"),
    [([one], []) for one in ALLERGENS]
    + [([], [one]) for one in DIETS]
    + [
        (ALLERGENS, []),
        (["gluten", "milk", "egg"], ["vegetarian"]),
        (["nuts", "soy"], ["vegan", "gluten-free"]),
    ],
)
def test_there_is_something_for_everybody(
    db: Any, owner: User, allergies: list[str], dietary: list[str], request_: Row
) -> None:
    avoids(owner, *allergies, dietary=tuple(dietary))
    suggestions = plan_all(owner, count=5, date=day(1), **request_)
    assert len(suggestions) >= 3
    for suggestion in suggestions:
        meal = suggestion["meal"]
        # In the steps, too.
        foods = [meal["name"], *(i["food_item_name"] for i in meal["ingredients"]), *meal["instructions"]]
        assert kitchen.conflicts(db, foods, allergies, dietary) == [], meal


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_kitchen_suggestions_are_safe(
    db: Any, data_api: DataApi, owner: User, seed: int
) -> None:
    chance = random.Random(seed)
    foods = [
        *("rice", "Weizenmehl", "almond milk", "Butter", "eggs", "prawns", "salmon", "tofu", "peanut butter"),
        *(
            "bacon",
            "honey",
            "celery",
            "Senf",
            "sesame oil",
            "white wine",
            "kiwi",
            "lentils",
            "potatoes",
            "chicken",
        ),
    ]
    for number in range(12):
        listed = [
            (chance.randint(1, 900), "g", food) for food in chance.sample(foods, k=chance.randint(0, 5))
        ]
        made = recipe(owner, f"Dish {number}", *listed, prep_time=chance.choice([None, 5, 20, 60]))
        if chance.random() < 0.5:
            cooked(owner, made, chance.randint(0, 30))
    for food in chance.sample(foods, k=8):
        lot(owner, chance.randint(1, 900), "g", food, chance.choice([None, 0, 2, 9]))
    allergies = chance.sample([*ALLERGENS, "kiwi"], k=chance.randint(0, 3))
    dietary = chance.sample(DIETS, k=chance.randint(0, 2))
    avoids(owner, *allergies, dietary=tuple(dietary))
    request: Row = {
        "count": 5,
        "date": day(chance.randint(0, 3)),
        "max_total_minutes": chance.choice([None, 30, 60]),
        "servings": chance.choice([None, 1, 7]),
    }
    suggestions = plan_all(owner, **request)
    assert len(suggestions) == len(set(names(suggestions))) >= 3
    assert plan_all(owner, **request) == suggestions
    for suggestion in suggestions:
        meal = suggestion["meal"]
        listed_foods = [ingredient["food_item_name"] for ingredient in meal["ingredients"]]
        assert kitchen.conflicts(db, [meal["name"], *listed_foods], allergies, dietary) == [], meal
        assert not (allergies and not listed_foods)
        limit = request["max_total_minutes"]
        assert limit is None or meal["prep_time"] + meal["cook_time"] <= limit
        assert sorted(suggestion["in_pantry"] + suggestion["missing"]) == sorted(listed_foods)
        assert set(suggestion["uses_expiring"]) <= set(suggestion["in_pantry"])
        assert data_api.post("rpc/create_meal", {"meal": meal}, by=owner).status_code == 200


# What the suggestion says.


def test_a_suggestion_is_scaled_and_create_meal_takes_it(data_api: DataApi, owner: User) -> None:
    instructions = ["Boil.", "Eat."]
    meal = recipe(owner, "Rice", (250, "g", "rice"), (1, "tsp", "salt"), instructions=instructions)
    suggestion = only(plan(owner, servings=3))
    assert suggestion["meal_id"] == meal["id"]
    assert suggestion["meal"] == {
        "name": "Rice",
        "description": None,
        "prep_time": 10,
        "cook_time": 20,
        "servings": 3,
        "instructions": instructions,
        "ingredients": [
            {"food_item_name": "rice", "quantity": 375, "unit": "g"},
            {"food_item_name": "salt", "quantity": 1.5, "unit": "tsp"},
        ],
    }
    assert (
        suggestion["reason"] == "You would have to buy rice. Ready in 30 minutes. You haven't cooked it yet."
    )
    created = data_api.post("rpc/create_meal", {"meal": suggestion["meal"]}, by=owner)
    assert created.status_code == 200


@pytest.mark.parametrize(
    ("quantity", "servings", "asked", "scaled"),
    [
        (0.001, 50, 1, 0.001),
        (1, 3, 1, 0.333),
        (9999999.999, 1, 50, 9999999.999),
        (2, None, 4, 2),
        (5, 2, 2.0, 5),
    ],
)
def test_scaled_quantities_stay_within_what_create_meal_takes(
    data_api: DataApi, owner: User, quantity: float, servings: int | None, asked: float, scaled: float
) -> None:
    recipe(owner, "Dinner", (quantity, "g", "rice"), servings=servings)
    meal = only(plan(owner, servings=asked))["meal"]
    assert meal["ingredients"][0]["quantity"] == scaled
    assert data_api.post("rpc/create_meal", {"meal": meal}, by=owner).status_code == 200
