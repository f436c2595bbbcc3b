"""Which foods break which diet, in English and German."""

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.database.foods import listed

Database = psycopg.Connection[DictRow]

DIETS = {
    "vegetarian Vegetarisch vegetarische Vegetarierin veggie ovo-lacto-vegetarian": (
        """chicken, Hähnchenbrust, beef stock, Speckwürfel, ham, gelatine, Gelatineblätter, salmon,
        Thunfisch, anchovies, fish sauce, Worcestershire sauce, prawns, Muscheln, lard, Schweineschmalz,
        Rinderbrühe, salami, gummy bears, Hackfleisch, minced beef, Leberwurst, duck breast,
        chili con carne""",
        """eggs, milk, cheese, honey, tofu, lentils, butter, wine, vegetable stock, vegetarische Wurst,
        veggie mince, meatless meatballs, Räuchertofu, coconut bacon, Butterschmalz, quail eggs,
        Hühnereier, beef tomatoes, Fleischtomaten, Fruchtfleisch, Hirschhornsalz,
        Petersilie zum Garnieren, gehackte Tomaten, gebratener Reis, agar agar, Studentenfutter,
        al dente noodles, Champignons, Zimtrinde, lemon rind""",
    ),
    "vegan Veganer plant-based": (
        """chicken, salmon, eggs, Eigelb, milk, Butter, ghee, honey, Honig, gelatine, cheese, Joghurt,
        whey, prawns, carmine, mayonnaise, milk chocolate, ham, beeswax""",
        """tofu, oat milk, Mandelmilch, vegan butter, vegane Mayonnaise, peanut butter, coconut cream,
        lentils, cocoa butter, wine, bread, agar agar, maple syrup, egg-free mayonnaise, butternut squash,
        eggplant, vegan sausages""",
    ),
    "pescatarian Pescetarisch": (
        "chicken, bacon, Rinderhack, lamb, chicken stock, Schinken, duck",
        "salmon, prawns, squid, Thunfisch, eggs, milk, tofu, crab meat, fish gelatine, tuna steak",
    ),
    "gluten-free glutenfrei": (
        "flour, bread, Nudeln, couscous, soy sauce, beer, oats, Paniermehl, seitan",
        "rice, gluten-free pasta, glutenfreies Brot, cornflour, Buchweizen, potatoes, milk, eggs",
    ),
    "dairy-free milchfrei non-dairy": (
        "milk, Sahne, butter, cheese, Joghurt, whey protein, lactose-free milk",
        """oat milk, Kokosmilch, vegan cheese, eggs, margarine (dairy-free), dairy-free yogurt,
        dark chocolate (vegan)""",
    ),
    "lactose-free laktosefrei": (
        "milk, cream, Quark",
        "lactose-free milk, laktosefreie Sahne, oat milk, eggs, bread",
    ),
    "nut-free nussfrei": (
        "almonds, Walnüsse, peanut butter, mixed nuts, marzipan, pesto",
        "coconut, nutmeg, Muskatnuss, butternut, sunflower seeds, nut-free granola",
    ),
    "egg-free eifrei": ("eggs, Eigelb, mayonnaise, meringue", "eggplant, milk, egg-free mayonnaise, chicken"),
    "soy-free sojafrei": ("tofu, soy sauce, edamame, Sojamilch", "oat milk, rice, beans"),
    "halal": (
        """pork, bacon, ham, Schweinefilet, lard, gelatine, white wine, Rotwein, rum, beer, salami, mirin,
        pancetta""",
        """chicken, beef, lamb, halal sausages, halal gelatine, fish, wine vinegar, white wine vinegar,
        Weinessig, alcohol-free beer, grapes, Weintrauben, Butterschmalz, ginger ale, cheese,
        beef gelatine, rump steak""",
    ),
    "kosher koscher": (
        "pork, bacon, shrimp, lobster, mussels, squid, eel, Aal, rabbit, catfish, Schinken",
        "chicken, beef, salmon, cheese, eggs, kosher salt, tuna",
    ),
    "no-pork": ("bacon, ham, Speck, pork belly, lard, chorizo", "beef, chicken, turkey bacon, Butterschmalz"),
    "alcohol-free alkoholfrei": (
        "wine, rum, Bier, Amaretto",
        "alkoholfreies Bier, wine vinegar, ginger beer, kale",
    ),
    "sugar-free zuckerfrei": ("brown sugar, Puderzucker", "honey, stevia, salt"),
}
"""Names of a diet → foods that break it, foods that don't. A hyphen in a name also stands for a space."""

BREAKING = [(name, broken) for names, (broken, _) in DIETS.items() for name in names.split()]
KEEPING = [(name, kept) for names, (_, kept) in DIETS.items() for name in names.split()]


def conflicts(db: Database, diets: list[str] | str, foods: list[str] | str) -> list[str]:
    """What diet_conflicts says."""
    arguments = [[value] if isinstance(value, str) else value for value in (diets, foods)]
    row = db.execute("select private.diet_conflicts(%s::text[], %s::text[]) as c", arguments).fetchone()
    assert row is not None
    answer: list[str] = row["c"]
    return answer


@pytest.mark.parametrize(("diet", "foods"), BREAKING)
def test_foods_that_break_a_diet_are_found(db: Database, diet: str, foods: str) -> None:
    for spelled in (diet, diet.upper(), diet.replace("-", " ")):
        assert [food for food in listed(foods) if conflicts(db, spelled, food) != [spelled]] == []


@pytest.mark.parametrize(("diet", "foods"), KEEPING)
def test_foods_that_keep_a_diet_are_allowed(db: Database, diet: str, foods: str) -> None:
    for spelled in (diet, diet.replace("-", " ")):
        assert [food for food in listed(foods) if conflicts(db, spelled, food)] == []


def test_kosher_never_has_meat_with_milk(db: Database) -> None:
    assert conflicts(db, "kosher", ["beef", "cream"]) == ["kosher"]
    assert conflicts(db, "kosher", ["beef", "oat milk"]) == []
    assert conflicts(db, "kosher", ["salmon", "cream"]) == []


@pytest.mark.parametrize(
    ("diet", "food"),
    [
        ("no mushrooms", "champignons"),
        ("ohne Pilze", "Steinpilze"),
        ("without coriander", "fresh cilantro"),
        ("keine Zwiebeln", "red onions"),
    ],
)
def test_a_diet_without_something_is_broken_by_it(db: Database, diet: str, food: str) -> None:
    assert conflicts(db, diet, [food, "rice"]) == [diet]
    assert conflicts(db, diet, ["potatoes", "rice"]) == []


@pytest.mark.parametrize(
    "diet", ["low carb", "keto", "mediterranean", "flexitarian", "High protein", "5:2", "", "?"]
)
def test_a_diet_that_nobody_knows_is_broken_by_nothing(db: Database, diet: str) -> None:
    assert conflicts(db, diet, ["bread", "milk", "bacon", "sugar"]) == []


def test_the_diets_that_are_broken_are_named_as_they_were_written(db: Database) -> None:
    diets = ["Vegan", "gluten-free", "low carb", "no pork", "vegan"]
    assert conflicts(db, diets, ["rice", "ham"]) == ["Vegan", "no pork", "vegan"]
    assert conflicts(db, diets, []) == []
    assert conflicts(db, [], ["ham"]) == []
