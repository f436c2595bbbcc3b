-- Allergens and diets: which words of a food's name say what it carries.
-- Safety first: when a name leaves it open, the food carries it. A name can't know a recipe or a factory, so whoever
-- shows food says that labels decide.

-------------------------------------------------------------------------------
-- What a food can carry
-------------------------------------------------------------------------------

-- Data, not types: further classes are rows. Readable by all, written by migrations only.
create table private.food_classes (
  code text primary key,
  english text not null,
  german text not null,
  is_allergen boolean not null,
  position integer generated always as identity
);
comment on table private.food_classes is
  'What foods can carry: the 14 allergens of Annex II of Regulation (EU) No 1169/2011 (is_allergen, in its order), and '
  'what diets exclude.';
grant select on private.food_classes to authenticated, service_role;

insert into private.food_classes (code, english, german, is_allergen) values
('gluten', 'cereals containing gluten', 'glutenhaltiges Getreide', true),
('crustaceans', 'crustaceans', 'Krebstiere', true),
('eggs', 'eggs', 'Eier', true),
('fish', 'fish', 'Fisch', true),
('peanuts', 'peanuts', 'Erdnüsse', true),
('soybeans', 'soybeans', 'Soja', true),
('milk', 'milk', 'Milch', true),
('tree_nuts', 'tree nuts', 'Schalenfrüchte', true),
('celery', 'celery', 'Sellerie', true),
('mustard', 'mustard', 'Senf', true),
('sesame', 'sesame seeds', 'Sesam', true),
('sulphites', 'sulphur dioxide and sulphites', 'Schwefeldioxid und Sulfite', true),
('lupin', 'lupin', 'Lupinen', true),
('molluscs', 'molluscs', 'Weichtiere', true),
('lactose', 'lactose', 'Laktose', false),
('meat', 'meat', 'Fleisch', false),
('pork', 'pork', 'Schweinefleisch', false),
('beef', 'beef', 'Rindfleisch', false),
('gelatine', 'gelatine', 'Gelatine', false),
('honey', 'honey', 'Honig', false),
('insects', 'insects', 'Insekten', false),
('alcohol', 'alcohol', 'Alkohol', false),
('not_kosher', 'animals that are not kosher', 'nicht koschere Tiere', false);

-------------------------------------------------------------------------------
-- Names, folded
-------------------------------------------------------------------------------

create function private.fold_food(food text) returns text
language plpgsql immutable strict security invoker set search_path = '' as $$
begin
  -- Invisible characters and accents first, then letters that have no accent to lose.
  food := regexp_replace(normalize(food, nfkd), '[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]', '', 'g');
  food := translate(replace(lower(food), 'ß', 'ss'), 'æœøłđı', 'aooldi');
  food := regexp_replace(food, '([aou])e', '\1', 'g');
  food := regexp_replace(food, '([0-9])([a-z])', '\1 \2', 'g');
  -- What is neither a letter nor a digit, of any script, stands between words.
  food := regexp_replace(food, '[^a-z0-9\u00c0-\u1fff\u2c00-\u2fff\u3040-\U0010ffff]+', ' ', 'g');
  return ' ' || btrim(food) || ' ';
end $$;
comment on function private.fold_food(text) is
  'A name as names are compared: lower case, without accents (ä = ae = a, ß = ss), words apart by one space, a space '
  'at both ends: "Gemahlene Haselnüsse" → " gemahlne haselnusse ".';
grant execute on function private.fold_food(text) to authenticated, service_role;

-- One row per word or phrase. Of overlapping ones the longest that includes the others counts, so a phrase says
-- everything its words say, and one that carries nothing hides a lookalike ("coconut milk" isn't milk).
create table private.food_words (
  word text,
  is_open boolean,
  carries text[] not null,
  lacks text[] not null,
  head text generated always as (substr(word, 1, 3)) stored,
  primary key (word, is_open)
);
comment on table private.food_words is 'What words in the name of a food, folded, say about it.';
comment on column private.food_words.word is 'Folded; a space in front: only where a word begins.';
comment on column private.food_words.is_open is
  'The word may go on ("weizen" in Weizenmehl). Otherwise only an ending may follow (almond, almonds).';
comment on column private.food_words.carries is 'Codes of food_classes; none: a lookalike.';
comment on column private.food_words.lacks is 'What a claim such as vegan says isn''t in the food.';
grant select on private.food_words to authenticated, service_role;

-- A star: the word may go on at that side, as in German compounds. Otherwise the side is where a word begins or ends.
insert into private.food_words (word, is_open, carries, lacks)
select spelling, w.word like '%*',
  coalesce(array_agg(distinct code) filter (where code is not null and not l.is_claim), '{}'),
  coalesce(array_agg(distinct code) filter (where code is not null and l.is_claim), '{}')
from (values
-- Lookalikes.
(false, '{}', '
  *coconut*, coco nut, *kokosnuss*, *kokos*, coconut milk, coconut cream, coconut butter, coconut yogurt, coconut
  yoghurt, cream of coconut, creamed coconut, *coconutmilk*, *kokosmilch*, *kokoscreme*, *kokossahne*, *kokosrahm*,
  *kokosjoghurt*, *kokosbutter*, *kokosmus*, *kokosmehl*, coconut flour, coconut sugar, coconut meat, *kokosfleisch*,
  *nutmeg*, nut meg, *muskatnuss*, *butternut*, butter nut squash, butter nut pumpkin, *chestnut flour*, *betelnuss*,
  betel nut, *kolanuss*, kola nut, cola nut, tiger nut, *tigernut*, tiger nut milk, tigernut milk, tiger nut flour,
  tigernut flour, *erdmandel*, *wassernuss*, *genuss*, *buckwheat*, buck wheat, buckwheat flour, buckwheat noodle,
  *buchweizen*, *buchweizenmehl*, *buchweizennudel*, rice milk, *ricemilk*, *reismilch*, rice cream, hemp milk,
  *hanfmilch*, flax milk, pea milk, *erbsenmilch*, potato milk, *kartoffelmilch*, hemp seed milk, quinoa milk, milk
  thistle, *mariendistel*, *milchsäure*, lactic acid, milk cap, milkcap, *milchling*, butter bean, *butterbean*,
  butter lettuce, butter head, *butterhead*, *buttercup*, *butterkohl*, butterfly pea, butterfly, cocoa butter, cacao
  butter, cacaobutter, cocoabutter, *kakaobutter*, shea butter, *sheabutter*, apple butter, pumpkin butter, seed
  butter, sunflower butter, sunflower seed butter, sunbutter, pumpkin seed butter, mango butter, cream of tartar,
  cream of rice, cream sherry, creamed corn, rice noodle, *ricenoodle*, glass noodle, cellophane noodle, shirataki
  noodle, konjac noodle, kelp noodle, zucchini noodle, courgette noodle, mung bean noodle, sweet potato noodle, corn
  noodle, *reisnudel*, *glasnudel*, *konjaknudel*, *zucchininudel*, *maisnudel*, *linsennudel*, *kichererbsennudel*,
  rice pasta, corn pasta, lentil pasta, chickpea pasta, rice spaghetti, rice vermicelli, rice cake, rice cracker,
  rice wrapper, rice paper, *reiswaffel*, *reiskuchen*, *reiscracker*, *reispapier*, *maiswaffel*, corn cake, corn
  tortilla, *maistortilla*, corn chip, tortilla chip, *tortillachip*, corn cracker, corn flake, *cornflake*, potato
  cake, rice bread, rice couscous, rice flour, corn flour, *cornflour*, corn meal, *cornmeal*, maize flour, masa
  flour, masa harina, chickpea flour, gram flour, garbanzo flour, garbanzo bean flour, besan flour, potato flour,
  tapioca flour, cassava flour, teff flour, sorghum flour, millet flour, quinoa flour, amaranth flour, arrowroot
  flour, lentil flour, banana flour, plantain flour, pea flour, hemp flour, flaxseed flour, flax flour, linseed
  flour, urad flour, mung bean flour, green banana flour, bean flour, yam flour, sweet potato flour, glutinous rice
  flour, sweet rice flour, brown rice flour, white rice flour, *maismehl*, *reismehl*, *kichererbsenmehl*,
  *kartoffelmehl*, *johannisbrot*, *johannisbrotkernmehl*, *guarkernmehl*, *guarmehl*, *kastanienmehl*,
  *maronenmehl*, *hirsemehl*, *quinoamehl*, *teffmehl*, *tapiokamehl*, *maniokmehl*, *leinsamenmehl*, *leinmehl*,
  *hanfmehl*, *linsenmehl*, *erbsenmehl*, *amaranthmehl*, *bananenmehl*, *kürbiskernmehl*, *traubenkernmehl*,
  *sorghummehl*, *bohnenmehl*, *stärkemehl*, glutinous, glutinous rice, *klebreis*, sweetbread, *breadfruit*, bread
  fruit, *brotfrucht*, *küchenkräut*, *küchenzwiebel*, *küchengarn*, *eggplant*, egg plant, egg fruit, *eggfruit*,
  *eierschwamm*, *eierpflaume*, *eierbaum*, *eierfrucht*, *eiertomate*, oyster mushroom, king oyster, king oyster
  mushroom, oyster plant, *austernpilz*, *austernseitling*, *kräuterseitling*, *austernsaitling*, *austernkraut*,
  *schneckennudel*, sunflower lecithin, *sonnenblumenlecithin*, rapeseed lecithin, *rapslecithin*, *fruchtfleisch*,
  *tomatenfleisch*, *kürbisfleisch*, *mangofleisch*, *fleischtomate*, beef tomato, beefsteak tomato,
  *beefsteaktomat*, wild garlic, lemon rind, orange rind, lime rind, citrus rind, rind of, *wildreis*, hickory smoke,
  ginger ale, ginger beer, root beer, birch beer, *weintraube*, *weinblatt*, *weinblätter*, *weinstein*,
  *weinsteinbackpulver*, *weinbeere*, *rumaroma*, rum aroma, rum flavour, rum flavor, rum extract, *malzkaffee
  nicht*, chai, honeydew, honey dew, honeydew melon, *honigmelone*, honeycrisp, honey crisp, honeynut squash,
  honeynut, honeycomb toffee, *honigtomate*, sherry tomato, cauliflower steak, *blumenkohlsteak*, pumpkin pie spice,
  apple pie spice, tart cherry, tart apple, char grilled, rice bran, *maltodextrin*, maltit*, nata de coco, noix de
  coco, noix de muscade, nuez moscada, noce moscata, noce di cocco, spaghetti squash, *spaghettikürbis*, pasta sauce,
  *pastasauce*, *pastasoße*, caramelized, caramelised, *karamellisiert*, *apfelschnitzel*, *sellerieschnitzel*,
  *kinderpunsch*, sin carne
'),
-- Claims: what isn't in a food that says so, and what a diet of that name excludes.
(true, '{gluten}', '
  gluten free, glutenfree, glutenfrei, without gluten, ohne gluten, no gluten, gf, celiac, coeliac, celiac disease,
  coeliac disease, zöliakie, sans gluten, sin gluten, senza glutine
'),
(true, '{lactose}', '
  lactose free, lactosefree, laktosefrei, lactosefrei, minus l, without lactose, no lactose, ohne laktose, ohne
  lactose, sans lactose, sin lactosa, senza lattosio
'),
(true, '{milk}', '
  dairy free, dairyfree, milk free, milkfree, milchfrei, non dairy, nondairy, without milk, without dairy, no milk,
  no dairy, ohne milch, kuhmilchfrei, ohne milchprodukte, milcheiweißfrei, sans lait, sin leche, senza latte
'),
(true, '{eggs}', '
  egg free, eggfree, eggless, eifrei, without egg, no egg, ohne ei, ohne eier, sans oeuf, sin huevo, senza uova
'),
(true, '{tree_nuts,peanuts}', '
  nut free, nutfree, nussfrei, without nuts, no nuts, ohne nüsse, sans noix
'),
(true, '{peanuts}', '
  peanut free, erdnussfrei, without peanuts, no peanuts, ohne erdnüsse
'),
(true, '{soybeans}', '
  soy free, soya free, sojafrei, without soy, no soy, ohne soja
'),
(true, '{fish}', '
  fish free, fischfrei, no fish, without fish, ohne fisch
'),
(true, '{fish,crustaceans,molluscs}', '
  no seafood, without seafood, seafood free, ohne meeresfrüchte
'),
(true, '{crustaceans,molluscs}', '
  no shellfish, without shellfish, shellfish free
'),
(true, '{celery}', '
  celery free, selleriefrei, ohne sellerie
'),
(true, '{sesame}', '
  sesame free, sesamfrei, no sesame, ohne sesam
'),
(true, '{mustard}', '
  mustard free, senffrei, ohne senf
'),
(true, '{sulphites}', '
  sulphite free, sulfite free, sulfitfrei, unsulphured, unsulfured, ungeschwefelt, no sulphites, no sulfites, ohne
  sulfite
'),
(true, '{meat,pork,beef,fish,crustaceans,molluscs,gelatine,insects}', '
  vegetarian, vegetarisch, vegetarier, vegetarierin, vegetarismus, lacto vegetarian, ovo lacto vegetarian, lacto ovo
  vegetarian, veggie, veggi, végétarien, vegetariano, vegetariana
'),
(true, '{meat,pork,beef,fish,crustaceans,molluscs,gelatine,insects,eggs}', '
  lacto vegetarian no eggs, lakto vegetarisch, lacto vegetarisch
'),
(true, '{meat,pork,beef,fish,crustaceans,molluscs,gelatine,insects,eggs,milk,honey}', '
  vegan, veganer, veganerin, veganism, veganismus, plant based, plantbased, pflanzlich, rein pflanzlich, végan,
  végane, vegano, vegana
'),
(true, '{meat,pork,beef}', '
  meat free, meatfree, meatless, fleischfrei, fleischlos, no meat, without meat, ohne fleisch, pescatarian,
  pescetarian, pescatarier, pescetarier, pescetarisch, pescatarisch, pesketarisch, pesco vegetarian, piscatarian
'),
(true, '{pork}', '
  pork free, no pork, without pork, ohne schwein, ohne schweinefleisch, schweinefleischfrei, kein schwein, kein
  schweinefleisch
'),
(true, '{beef}', '
  beef free, no beef, without beef, ohne rind, ohne rindfleisch, kein rind, kein rindfleisch
'),
(true, '{pork,alcohol}', '
  halal, halaal, helal
'),
(true, '{pork,crustaceans,molluscs,not_kosher}', '
  kosher, koscher, kascher, casher
'),
(true, '{alcohol}', '
  alcohol free, non alcoholic, nonalcoholic, alkoholfrei, no alcohol, without alcohol, ohne alkohol, kein alkohol,
  sans alcool
'),
(true, '{gelatine}', '
  gelatine free, gelatin free, ohne gelatine
'),
(false, '{}', '
  not vegan, non vegan, nicht vegan, not vegetarian, non vegetarian, nicht vegetarisch, not halal, not kosher
'),
-- Cereals containing gluten.
(false, '{gluten}', '
  gluten, *glutenmehl*, glutine, cereals, cereal, getreide, *getreideflock*, *wheat*, *weizen*, rye*, *roggen*,
  barley*, *gerste*, *gersten*, *graupe*, oat*, *hafer*, oatmilk, oat milk, *hafermilch*, oat cream, *hafersahne*,
  oat yogurt, *haferdrink*, spelt*, *dinkel*, *dinkelmilch*, kamut, khorasan, emmer, *einkorn*, farro, freekeh,
  triticale, *grünkern*, durum, *hartweizen*, semolina, *grieß*, rava, suji, sooji, *bulgur*, burghul, couscous,
  kuskus, *couscous*, ptitim, *mehl*, *flour*, atta, maida, *seitan*, panko, *bread*, *brot*, *semmel*, *knödel*,
  *schrippe*, *brötchen*, baguette, ciabatta, focaccia, naan, nan bread, roti, chapati, chapatti, paratha, pita,
  pitta, lavash, lavas, yufka, matzo, matzah, matze, *zwieback*, rusk, crouton, bagel, pretzel, *brezel*, *breze*,
  *laugen*, bun, roll, bread roll, *toast, sandwich*, wrap, tortilla, burrito, quesadilla, taco shell, *pasta*,
  spaghetti*, *spaghetti, penne, fusilli, farfalle, rigatoni, macaroni, makkaroni, linguine, bucatini, orzo, risoni,
  tagliolini, capellini, vermicelli, conchiglie, orecchiette, cavatelli, ditalini, cannelloni, lasagne*, lasagna*,
  tortellini, ravioli, gnocchi, *teig*, *dough*, *pastry*, *blätterteig, filo, phyllo, fillo, *cracker*, crispbread,
  knäckebrot, granola, *müsli*, muesli, musli, bran, wheatgerm, malt*, maltose syrup, beer, ale, lager, stout,
  porter, pilsner, pilsener, weissbier, hefeweizen, ovomaltine, horlicks, *paniert*, *panade*, *panier*, breaded,
  battered, *bierteig*, roux, *mehlschwitze*, soba, udon, ramen, somen, instant noodle, gyoza, wonton, won ton, dim
  sum, dumpling, spring roll, egg roll, empanada, pierogi, piroggen, *maultasche*, *strudel*, *pizza*, *flammkuchen*,
  *burger, hamburger, hot dog, weetabix, grape nuts, shreddies, communion wafer, oblate, *waffelröll*, seitanwurst,
  farina, harina, farine, frumento, grano, trigo, blé, froment, orge, orzo perlato, avena, avoine, seigle, centeno,
  segale, cebada, tarwe, gerst, haver, rogge, brood, pangrattato, chapelure, mie de pain, suppennudel, schupfnudel,
  *spaetzle*, *spätzle*, *knöpfle*, malz*, flocken, kleie, bier*, *bier, tarte*
'),
(false, '{gluten,eggs}', '
  *nudel*, *noodle*, egg noodle, *eiernudel*, *eierteigwaren*, *teigwaren, tagliatelle, pappardelle, fettuccine,
  fettucine, *spätzle*, *knöpfle*, *schupfnudel*, fresh pasta, frische pasta, tempura*, *ausgebacken*, wiener
  schnitzel, schnitzel wiener art, *frikadelle*, *bulette*, *fleischpflanzerl*, meatball, meat ball, *hackbällchen*,
  *hackbraten*, meatloaf, meat loaf, yorkshire pudding, *löffelbiskuit*, *biskuit*, ladyfinger, lady finger, sponge
  finger, savoiardi
'),
(false, '{gluten,eggs,milk}', '
  cake, cheesecake, *cupcake*, pancake*, *kuchen*, *torte*, *törtchen*, *muffin*, *brownie*, *blondie, waffle,
  *waffel*, *pfannkuchen*, *palatschinke*, crepe, crêpe, *krapfen*, *berliner pfannkuchen*, donut*, doughnut*,
  *cookie*, *keks*, biscuit, *plätzchen*, *gebäck*, *croissant*, brioche*, *hefezopf*, *zopf, *stollen*, panettone,
  pandoro, *hörnchen*, profiterole, eclair, éclair, churro, quiche*, tart, pie, *tartelette*, batter, *rührteig*,
  *mürbeteig*, shortcrust, shortbread, *eierkuchen*, *kaiserschmarrn*, *schmarrn*, *dampfnudel*, *buchtel*, scone,
  challah, madeleine, genoise, *lebkuchen*, gingerbread, bread pudding, carbonara, *windbeutel*, digestive biscuit,
  graham cracker, french toast, *arme ritter*
'),
(false, '{gluten,milk}', '
  puff pastry, *blätterteig*, lasagne, lasagna, *pizza*, bechamel, béchamel, *béchamel*, mac and cheese, macaroni
  cheese, roux, naan, white sauce, cream soup
'),
(false, '{gluten,eggs,milk,alcohol}', '
  tiramisu, *tiramisu*
'),
-- Crustaceans.
(false, '{crustaceans,not_kosher}', '
  crustacean*, *krustentier*, *krebstier*, *schalentier*, *shrimp*, *prawn*, crab, crabmeat*, crab meat, crab cake,
  crab stick, *lobster*, *crayfish*, cray fish, *crawfish*, craw fish, *crawdad*, *langoust*, *scampi*, scampo,
  krill, barnacle, yabby, *garnele*, *krabbe*, *flusskrebs*, *taschenkreb*, *krebsfleisch*, *krebsschwänz*,
  *krebsbutter*, krebs, krebse, seespinne, *hummer*, *languste*, kaisergranat, gamba, *crevette*, camaron,
  langostino, cigala, bogavante, gamberetto, gamberetti, gambero, gamberi, aragosta, astice, granchio, crabe, homard,
  écrevisse, garnaal, garnalen, krab, kreeft, rejer, räkor, reker, krewetki, shrimps, ebi, belacan, belachan, terasi,
  trassi, shrimp paste, *krupuk*, *kroepoek*, *krabbenchips*, percebes, nephrops, balmain bug, morton bay bug, mantis
  shrimp, tiger prawn, king prawn
'),
(false, '{crustaceans,milk,not_kosher}', '
  bisque, crab bisque, lobster bisque
'),
(false, '{crustaceans,fish}', '
  kimchi*, laksa, tom yum, tom yam, thai curry paste, red curry paste, green curry paste, yellow curry paste, rote
  currypaste, grüne currypaste, gelbe currypaste, *currypaste*, curry paste, sambal, nasi goreng, bami goreng, xo
  sauce, som tam
'),
(false, '{crustaceans,molluscs,not_kosher}', '
  *shellfish*, shell fish
'),
(false, '{crustaceans,molluscs,fish,not_kosher}', '
  *seafood*, sea food, *meeresfrüchte*, frutti di mare, mariscos, marisco, fruits de mer, bouillabaisse, paella,
  cioppino, zarzuela
'),
(false, '{crustaceans,fish,eggs,gluten,soybeans}', '
  *surimi*
'),
-- Eggs.
(false, '{eggs}', '
  egg*, *egg, *eggs, hühnerei, *hühnerei, ei, eier*, *eier, *freilandei, *bioei, *wachtelei, *gänseei, *entenei,
  *spiegelei, *rührei, *osterei, *solei, *straußenei, *eigelb*, *eidotter*, *dotter, dotter*, *eiweiß*, *eischnee*,
  *vollei*, eipulver, *eiklar*, *trockenei, flüssigei, yolk*, albumen, albumin*, ovalbumin*, ovomucoid, lysozyme,
  lysozym, e 1105, e1105, *meringue*, *baiser*, pavlova, *omelett*, *omelette*, omelet, frittata, shakshuka, *aioli*,
  allioli, alioli, *hollandaise*, *béarnaise*, bearnaise, huevo, uovo, uova, oeuf, œuf, ovo, ovos, jajko, jajka, ägg,
  æg, egg white, egg yolk, tortilla espanola, tortilla de patatas, *soufflé*, souffle, lemon curd, advocaat,
  *eierlikör*, zabaglione, zabaione, sabayon, marshmallow, *schaumkuss*, *makrone*
'),
(false, '{eggs,mustard}', '
  mayo, *mayonnaise*, *majonäse*, *majonaise*, *remoulade*, tartare sauce, tartar sauce, sauce tartare, thousand
  island, *cocktailsauce*, *cocktailsoße*, coleslaw, cole slaw, miracel whip, miracle whip, burger sauce, potato
  salad, *kartoffelsalat*
'),
(false, '{eggs,milk}', '
  *custard*, creme brulee, crème brûlée, crème caramel, creme caramel, flan, *pudding*, ice cream, *icecream*, eis,
  *eiscreme*, *speiseeis*, *vanilleeis*, *schokoladeneis*, *schokoeis*, *erdbeereis*, *softeis*, gelato, *parfait*,
  eggnog, egg nog, panna cotta, *bavarois*, mousse, mousse au chocolat, semifreddo, zuppa inglese, trifle,
  *vanillesauce*, *vanillesoße*, horchata de huevo
'),
(false, '{eggs,mustard,milk,fish}', '
  caesar*, cesar salad, cäsar*
'),
(false, '{eggs,mustard,milk}', '
  ranch, ranch dressing, blue cheese dressing
'),
-- Fish.
(false, '{fish}', '
  *fish*, *fisch*, pesce, pesci, pescado, pescados, poisson, poissons, peixe, vis, ryby, ryba, fisk, *anchov*,
  anchois, anchoa, acciuga, acciughe, alici, boqueron, boquerones, *sardell*, *sardine*, sardina, sarde, *tuna*,
  *thunfisch*, thon, tonno, atun, atún, bonito*, skipjack, albacore, katsuobushi, dashi*, *salmon*, *lachs*, saumon,
  salmone, lox, gravlax, graved, *forelle*, trout*, truite, trota, trucha, cod, codling, *codfish*, *kabeljau*,
  *dorsch*, *stockfisch*, bacalao, bacalhau, baccala, baccalà, cabillaud, merluzzo, morue, haddock, *schellfisch*,
  pollock, pollack, *seelachs*, köhler, saithe, coley, hake, *seehecht*, merluza, whiting, *wittling*, halibut,
  *heilbutt*, *steinbutt*, turbot, plaice, *scholle*, sole, *seezunge*, *rotzunge*, flounder, *flunder*, *herring*,
  *hering*, *matjes*, *rollmops*, bismarckhering, kipper*, bloater, *bückling*, mackerel*, *makrele*, sprat,
  *sprotte*, whitebait, sea bass, seabass, *barsch*, branzino, sea bream, bream, *dorade*, dorada, *brasse*, snapper,
  grouper, zander, pike, pikeperch, perch, hecht, tilapia, carp, *karpfen*, pangasius, *pangasius*, basa, barramundi,
  mahi mahi, mahimahi, *red mullet*, mullet, *meeräsche*, *meerbarbe*, john dory, *petersfisch*, orange roughy,
  *saibling*, char, *äsche*, *felchen*, *renke*, maräne, smelt, *stint*, garfish, lumpfish, roe, *rogen*, fischrogen,
  tarama, taramasalata, tobiko, masago, ikura, bottarga, capelin, shad, wahoo, escolar, kingfish, ling, tusk,
  wolffish, amberjack, hamachi, yellowtail, unagi sauce, sashimi, ceviche, poke bowl, nigiri, sushi, garum, nam pla,
  nuoc mam, nước mắm, colatura, fish sauce, *fischsauce*, *fischsoße*, isinglass, hausenblase, *worcester*,
  worcestershire, worcestersauce, lea and perrins, puttanesca, tonnato, tapenade, olivenpaste, bagna cauda,
  fischstäbchen, omega 3 fish oil, lebertran, cod liver oil, *fischöl*, backfisch, *labskaus*, gentleman s relish,
  anchovy paste
'),
(false, '{fish,not_kosher}', '
  eel, *aal, aal*, *räucheraal*, unagi, anguille, anguilla, anguila, shark, *haifisch*, *schillerlocke*, dogfish,
  rock salmon, catfish, *wels*, *katfisch*, monkfish, angler fish, *seeteufel*, *lotte, swordfish, *schwertfisch*,
  sturgeon, *stör*, caviar*, *kaviar*, skate, ray wing, *rochen*, lumpfish roe, *lamprey*
'),
(false, '{fish,gluten,eggs}', '
  fish finger, fish stick, *fischstäbchen*, fish cake, *fishcake*, *backfisch*, fish and chips
'),
(false, '{fish,gluten,soybeans}', '
  *worcester*, worcestershire sauce
'),
(false, '{fish,peanuts,eggs,soybeans,crustaceans}', '
  pad thai
'),
-- Peanuts.
(false, '{peanuts}', '
  *peanut*, pea nut, *erdnuss*, peanut butter, peanutbutter, *erdnussbutter*, *erdnussmus*, *erdnussmehl*, peanut
  flour, *groundnut*, ground nut, monkey nut, earth nut, goober*, arachis*, arachid*, arachidi, cacahuete, cacahuète,
  cacahuate, cacahouete, cacauete, amendoim, mani, maní, pinda, pindakaas, jordnöt*, jordnød*, peanøtt*, orzechy
  arachidowe, orzeszki ziemne, satay*, saté, sate, saté sauce, *satesauce*, *satésoße*, gado gado, kung pao, gong
  bao, pb and j, pbj, pb2, peanut oil, *erdnussöl*, *erdnussflip*, bamba snack, beer nut, massaman*, mafe, maafe,
  chikki, reese s, reeses
'),
(false, '{peanuts,milk,soybeans}', '
  peanut butter cup, snickers, m ms, m and m s, peanut brittle
'),
-- Soybeans.
(false, '{soybeans}', '
  soy*, *soja*, soia, soy milk, soya milk, *soymilk*, *soyamilk*, *sojamilch*, soy cream, soya cream, *sojasahne*,
  *sojacreme*, *sojajoghurt*, soy yogurt, soya yogurt, soy yoghurt, soya yoghurt, *sojaquark*, soy butter, soy
  cheese, *sojakäse*, soy flour, soya flour, *sojamehl*, *sojaschnitzel*, *sojafleisch*, soy nut, soya nut, soynut,
  *sojageschnetzel*, soy meat, soya mince, *tofu*, tofu steak, silken tofu, beancurd, bean curd, tempeh*, tempe,
  edamame*, miso*, natto, yuba, okara, tvp, textured vegetable protein, texturized vegetable protein, textured
  protein, vegetable protein, *pflanzeneiweiß*, *pflanzenprotein*, lecithin*, *lecithin*, lezithin, *lezithin*, e322,
  e 322, glycine max, kinako, daizu, douchi, black bean sauce, abura age, aburaage, inari, ponzu*
'),
(false, '{soybeans,gluten}', '
  soy sauce, soya sauce, soysauce, soyasauce, *sojasauce*, *sojasoße*, *sojasosse*, shoyu*, tamari*, teriyaki*,
  kecap*, ketjap*, sauce soja, salsa de soja, salsa di soia, maggi*, liquid aminos, ponzu*, gochujang*, doenjang*,
  ssamjang, bulgogi*, doubanjiang, bean paste, char siu, sukiyaki, yakitori, stir fry sauce, *woksauce*, *woksoße*,
  meat substitute, meat alternative, *fleischersatz*, plant based meat, veggie burger, vegetarische wurst, vegane
  wurst, vegan sausage, textured wheat protein
'),
(false, '{soybeans,gluten,sesame}', '
  hoisin*, bibimbap, japchae
'),
(false, '{soybeans,milk}', '
  chocolate*, *chocolate, *schokolade*, *schoko*, *kuvertüre*, couverture, choc, choco*, chocolat, cioccolato,
  cioccolata, milk chocolate, *vollmilchschokolade*, white chocolate, dark chocolate, *zartbitter*, chocolate chip,
  ganache, *margarine*, cocoa glaze, hot chocolate, *trinkschokolade*, *schokocreme*
'),
-- Milk.
(false, '{milk}', '
  *milk*, *milch*, *lactose*, *laktose*, lattosio, lactosa, dairy*, *molkerei*, *milchprodukt*, milcheiweiß,
  *milcheiweiß*, *milchzucker*, *cream*, *creme*, crème*, crema, *sahne*, *rahm*, *obers, *schmand*, *schmant*,
  *butter*, *buttermilch*, *buttermilk*, *butterschmalz*, ghee, ghi, clarified butter, *käse*, *cheese*, *joghurt*,
  *jogurt*, *yogurt*, *yoghurt*, yoghourt, *quark*, topfen*, *skyr*, *kefir*, ayran, lassi, raita, tzatziki,
  tsatsiki, zaziki, *tzatziki*, curd, whey*, *molke*, casein*, *kasein*, *caseinat*, *caseinate*, lactalbumin,
  lactoglobulin, laktalbumin, e966, lactitol, rennet casein, half and half, fraiche, *fraîche*, smetana, labneh,
  labne, dulce de leche, cajeta, condensed milk, evaporated milk, *kondensmilch*, *milchpulver*, *trockenmilch*,
  *babynahrung*, infant formula, *paneer*, *panir, ricotta*, mascarpone*, mozzarella*, *mozzarella, feta*, *feta,
  fetakäse, halloumi*, haloumi, hellim, *parmesan*, parmigiano*, reggiano, grana padano, pecorino*, gouda*,
  emmental*, *emmentaler*, edam, edamer, cheddar*, gruyere, gruyère, greyerzer, appenzeller, tilsiter, leerdammer,
  maasdamer, camembert*, brie, gorgonzola*, roquefort*, stilton, blue cheese, manchego, mimolette, comte, comté,
  reblochon, raclette*, fondue, fontina, provolone*, scamorza, burrata, stracciatella, taleggio, asiago, limburger,
  munster, münster, romadur, harzer, handkäs, *frischkäse*, philadelphia, boursin, cottage, queso*, fromage*,
  formaggio, formaggi, chevre, chèvre, kashkaval, kaymak, quarg, wensleydale, colby, monterey jack, pepper jack,
  swiss cheese, velveeta, provola, bocconcini, cotija, oaxaca cheese, jarlsberg, havarti, port salut, saint agur,
  *obazda*, *obatzda*, liptauer, lait, leche, latte, caffe latte, leite, mleko, mælk, mjölk, melk*, beurre, burro,
  mantequilla, manteca di burro, manteiga, boter, smör, smør, masło, panna, nata, zuivel, kaas, cappuccino,
  macchiato, *milchshake*, milkshake, frappe, caramel*, *karamell*, *karamel*, toffee*, fudge, butterscotch,
  *sahnesauce*, *rahmsauce*, alfredo, cream sauce, cheese sauce, mornay, *gratin*, *überbacken*, rösti mit käse,
  *käsekrainer*, *lactose, milk protein, milk powder, milk solids, *molkenpulver*, whey protein, protein powder,
  *proteinpulver*, *eiweißpulver*, malted milk, kaschk, kashk, doogh, airag, clabber, *dickmilch*, *sauermilch*,
  chowder, *nusspli*, ranch, tikka masala, butter chicken, makhani, saag paneer, palak paneer, malai, kulfi,
  rasgulla, gulab jamun, kheer, korma
'),
(false, '{milk,gluten}', '
  *käsespätzle*, *kässpatzen*
'),
-- Nuts.
(false, '{tree_nuts,peanuts}', '
  nut, *nuss*, nut mix, *nussmischung*, nut butter, *nussmus*, nut milk, *nussmilch*, *nussdrink*, nut flour, nut
  oil, *nussöl*, *nussmehl*, trail mix, *studentenfutter*, noix, nuez, nueces, noce, noci, noot, noten, nötter,
  nødder, nøtter, orzech, orzechy, frutta secca, frutos secos, frutti secchi, granola, *müsli*, muesli
'),
(false, '{tree_nuts}', '
  tree nut, treenut, *schalenfrucht*, *baumnuss*, *almond*, almond milk, *almondmilk*, almond butter, *almondbutter*,
  almond flour, *almondflour*, almond cream, almond yogurt, almond yoghurt, almond cheese, *mandel*, *mandelmilch*,
  *mandelbutter*, *mandelmehl*, *mandelsahne*, *mandelcreme*, *mandeljoghurt*, *mandelkäse*, *hazelnut*, hazel nut,
  hazelnut milk, hazelnut butter, hazelnut flour, *haselnuss*, *haselnussmilch*, *haselnussmehl*, *haselnussbutter*,
  filbert*, cobnut, cob nut, *walnut*, wal nut, walnut milk, walnut butter, *walnuss*, *pecan*, pecan nut, *pekan*,
  *pekannuss*, *pecannuss*, *cashew*, cashew nut, cashew milk, cashew butter, cashew cream, cashew cheese, cashew
  yogurt, *cashewnuss*, *cashewkern*, *cashewmilch*, *cashewmus*, *cashewbutter*, *cashewcreme*, *cashewkäse*, kaju,
  anacard*, *pistachio*, pistachio nut, pistachio butter, pistachio milk, *pistazie*, pistache*, pistacchi*,
  pistacho, *macadamia*, macadamia nut, macadamia milk, macadamia butter, *macadamianuss*, queensland nut, *brazil
  nut*, brazilnut, *paranuss*, para nut, noix du bresil, pine nut, pinenut, pine kernel, *pinienkern*, *piniennuss*,
  *zedernuss*, pignol*, pinoli, pinon nut, hickory nut, *hickorynuss*, *marzipan*, *persipan*, *frangipan*,
  *praline*, praliné, *gianduia*, gianduja, *krokant*, amaretti*, *amarettini*, *nussecke*, amande*, mandorla,
  mandorle, almendra*, amendoa, noisette*, nocciola, nocciole, avellana*, avela, noix de cajou, pacana, pécan,
  mandlar, mandler, migdaly, migdały, laskowe, orgeat, horchata de almendra, ajo blanco, ajoblanco, romesco,
  *dukkah*, dukka, *marcona*, baklava*, *nougatine*, *bethmännchen*, *vanillekipferl*, *zimtstern*, ginkgo nut,
  *nussfrucht*, nocino, korma
'),
(false, '{tree_nuts,milk}', '
  *pesto*, pesto genovese, *nougat*, *nugat*, korma, rocher, toffifee, toblerone, mozartkugel, *nuss nougat*
'),
(false, '{tree_nuts,milk,soybeans}', '
  *nutella*, *nussnougatcreme*, *nougatcreme*, nuss nougat creme, hazelnut spread, chocolate hazelnut spread, duplo,
  hanuta, ferrero
'),
(false, '{tree_nuts,alcohol}', '
  amaretto*, disaronno, frangelico
'),
(false, '{tree_nuts,eggs,gluten,milk}', '
  macaron, macaroon, *florentiner*, *linzer*, bakewell, cantuccini, cantucci, biscotti, dacquoise, *bienenstich*,
  *stollen*, *lebkuchen*, baklava*, *frankfurter kranz*
'),
(false, '{tree_nuts,eggs,celery,mustard}', '
  waldorf*
'),
(false, '{tree_nuts,sesame}', '
  *dukkah*, dukka
'),
-- Celery.
(false, '{celery}', '
  celery*, celeriac*, *sellerie*, sellery, selleri, celeri, céleri, apio, sedano, sedani, selderij, selder,
  bleekselderij, seler, aipo, *suppengrün*, *suppengemüse*, *suppengewürz*, *suppenbund*, mirepoix, soffritto,
  sofrito, *röstgemüse*, bouquet garni, *brühe*, stock, broth, *bouillon*, consommé, consomme, *gemüsefond*,
  *kalbsfond*, *fond, *suppenwürfel*, *suppenpulver*, vegeta, fondor, aromat, bloody mary, tomato juice cocktail, v
  8, v8, *gewürzmischung*, *gewürzsalz*, *kräutersalz*, herbal salt, spice mix, seasoning mix, *streuwürze*,
  bolognese*, bolognaise, ragu, ragù, soup mix, *tütensuppe*, *packet soup*
'),
(false, '{celery,gluten,soybeans,milk}', '
  stock cube, *brühwürfel*, bouillon cube, stock powder, *brühpulver*, *instantbrühe*, bouillon powder, gravy, gravy
  granules, *bratensoße*, *bratensauce*, *soßenbinder*, *soßenpulver*
'),
(false, '{celery,mustard}', '
  curry powder, *currypulver*, *currygewürz*, piccalilli, *gewürzgurke*, pickled gherkin, barbecue sauce, bbq sauce,
  *grillsauce*, *grillsoße*, *bratwurst*, *ketchup*
'),
-- Mustard.
(false, '{mustard}', '
  mustard*, *mustard, *senf*, moutarde, mostarda, mostaza, senape, mosterd, mostarda di cremona, senap, sennep,
  gorczyca, musztarda, dijon*, dijonnaise, *vinaigrette*, *salatdressing*, salad dressing, *salatsauce*, *salatsoße*,
  dressing, mustard greens, mustard oil, mustard seed, *senfkorn*, *senfkörner*, *senfsaat*, *senföl*, *senfgurke*,
  sarepta, kasundi, colman*, pastrami, *sülze*, *rouladen*, panch phoron, panch phoran, rai seed, sambar powder
'),
-- Sesame.
(false, '{sesame}', '
  sesam*, *sesam*, *sesame*, tahini*, tahin*, *tahin*, tahina, tahine, tehina, hummus*, humus, houmous, houmus,
  hommus, humous, halva*, halwa*, halvah, helva, chalva, gomasio, gomashio, gomasi, benne seed, gingelly, gingelli,
  til oil, til seed, zaatar, za atar, zahtar, zatar, simsim, sésame, sesamo, sésamo, ajonjoli, ajonjolí, sezam*, goma
  dressing, furikake, shichimi*, togarashi, baba ganoush, baba ghanoush, baba ghanouj, baba ganush, mutabal,
  falafel*, simit, everything bagel, sushi, sesamum
'),
(false, '{sesame,gluten}', '
  bagel, burger bun, hamburger bun, *burgerbrötchen*, *hamburgerbrötchen*, grissini, breadstick, *fladenbrot*,
  falafel*, simit, everything bagel
'),
-- Sulphites.
(false, '{sulphites}', '
  sulphite*, sulfite*, *sulfit*, sulphur*, sulfur*, *schwefel*, metabisulfite, metabisulphite, *bisulfit*, so2, so 2,
  e220, e221, e222, e223, e224, e225, e226, e227, e228, e 220, e 221, e 222, e 223, e 224, e 225, e 226, e 227, e
  228, wine vinegar, *weinessig*, balsamic*, *balsamico*, *balsamessig*, aceto balsamico, cider vinegar,
  *apfelessig*, sherry vinegar, dried fruit, *trockenfrucht*, *trockenfrüchte*, *dörrobst*, *backobst*,
  *trockenobst*, raisin*, *rosine*, sultana*, *sultanine*, currant, *korinthe*, dried apricot, getrocknete aprikose*,
  *trockenaprikose*, prune, *backpflaume*, *dörrpflaume*, getrocknete pflaume*, dried mango, dried pineapple, dried
  apple, *apfelringe*, dried fig, getrocknete feige*, dried tomato, sun dried tomato, getrocknete tomate*, candied*,
  glacé, glace cherry, maraschino*, *belegkirsche*, *orangeat*, *zitronat*, *succade*, instant mash, mashed potato
  flakes, *kartoffelpüreepulver*, dehydrated potato, *kloßteig*, grape juice, *traubensaft*, bottled lemon juice,
  molasses, *melasse*, *sauerkraut*, *weinkraut*, pickled onion, *silberzwiebel*, *meerrettich*, horseradish,
  solfiti, sulfiten, vino cotto, mostarda, champagne vinegar, rice wine vinegar
'),
(false, '{sulphites,alcohol}', '
  wine, wein, *rotwein*, *weißwein*, *roséwein*, rosewein, *glühwein*, *portwein*, *apfelwein*, *kochwein*,
  *reiswein*, *perlwein*, *schaumwein*, *dessertwein*, *obstwein*, weinschaum, *weinsoße*, *weinsauce*, vin, vino,
  vinho, marsala, madeira, sherry*, port wine, port, ruby port, champagn*, *champagner*, prosecco*, cava, vermouth,
  wermut, riesling*, chardonnay, merlot, cabernet, burgundy, shaoxing*, mirin*, sake, cider, cidre, cognac, brandy*,
  sangria, redwine, whitewine, sekt
'),
(false, '{}', '
  apple cider, sweet cider
'),
-- Lupin.
(false, '{lupin}', '
  lupin*, *lupine*, *lupinen*, *lupinenmehl*, lupin flour, lupine flour, lupini*, lupini bean, lupin seed, lupin
  flake, lupino, lupinus, altramuz, altramuces, tremoco*, tremoço*, tremosso, chocho andino, tarwi, *wolfsbohne*,
  *feigbohne*, *süßlupine*, lopino*, lupine milk, lupin milk, *lupinenmilch*, *lupinendrink*, *lupinenjoghurt*,
  *lupinenkaffee*, *lupinenschrot*, turmus, termos beans
'),
-- Molluscs.
(false, '{molluscs,not_kosher}', '
  mollus*, mollusk*, *weichtier*, *mussel*, *muschel*, clam*, *clams, vongole, cozze, moules, mejillon, mejillones,
  almeja*, oyster*, *auster*, huitre*, huître*, ostra*, ostrica, ostriche, scallop*, *scallop, coquille*, st jacques,
  *jakobsmuschel*, capesante, vieira*, squid*, *tintenfisch*, calamar*, *kalmar*, octopus*, *oktopus*, krake, kraken,
  pulpo, polpo, polipo, poulpe, polvo, sepia*, *cuttlefish*, cuttle fish, seppia, seppie, sepie, chipiron*, snail*,
  *schnecken, schnecke, *weinbergschnecke*, escargot*, caracol*, lumache, abalone*, *seeohr*, *meerohr*, cockle*,
  whelk*, bulot, bigorneau, periwinkle, conch, limpet, geoduck, razor clam, *schwertmuschel*, navajas, palourde*,
  inktvis, mosselen, oester*, *meeresschnecke*, squid ink, *sepiatinte*, nero di seppia
'),
(false, '{molluscs,gluten,soybeans,not_kosher}', '
  oyster sauce, oystersauce, *austernsauce*, *austernsoße*
'),
(false, '{molluscs,milk,gluten,not_kosher}', '
  clam chowder
'),
-- What diets exclude.
(false, '{meat}', '
  meat*, *meat, *meats, *fleisch*, viande, vlees, mięso, chicken*, *chicken, *hühn*, *hähnchen*, *hendl*, *poulet*,
  poularde, pollo, turkey*, *truthahn*, duck*, ente, goose, gans, *gänse*, poultry, *geflügel*, lamb*, lamm*, mutton,
  hammel*, goat meat, venison, *hirsch*, reh, *rehrücken*, *rehkeule*, *wildfleisch*, *wildgulasch*, veal*, kalbs*,
  quail, wachtel, *fasan*, pheasant, partridge, pigeon, ostrich, kangaroo, sausage*, *wurst*, *würst*, mince, minced
  meat, ground meat, mincemeat, hack, hackfleisch*, *geschnetzel*, *gulasch*, goulash, *schnitzel*, steak*, *steak,
  *kotelett*, cutlet, *bratenfond*, *frikadelle*, *bulette*, meatball*, meatloaf, burger patty, *döner*, kebab*,
  *kebap*, gyros, shawarma, souvlaki, *leber, *leber*, liver, kidney meat, *nieren, *herzragout, tripe, kutteln,
  sweetbread, tongue, foie gras, pate, pâté, *pastete*, *aufschnitt*, cold cuts, lunch meat, corned beef, pepperoni,
  *cabanossi*, *cervelat*, *wiener, frankfurter*, *leberkäse*, *leberkäs*, chicken stock, chicken broth, bone broth,
  *knochenbrühe*, *hühnerbrühe*, gänseschmalz, *gänseschmalz*, suet, talg, tallow, dripping, demi glace, demiglace,
  gravy, fond brun, bolognese*, bolognaise, ragu, ragù, jerky, biltong, pastrami, bresaola, mett, wienerle, hot dog,
  hamburger, carne, pute, puten*, *huhn*, enten*, kalb*, braten, roulade, *rinderroulade*, *kohlroulade*, taube,
  *rollbraten*, *krustenbraten*, *sonntagsbraten*
'),
(false, '{meat,not_kosher}', '
  rabbit*, *kaninchen*, hare, *hasen*, horse meat, *pferdefleisch*, frog leg, *froschschenkel*, alligator, crocodile,
  *krokodil*, blood sausage, *blutwurst*, black pudding, hase, hasen*, *feldhase*
'),
(false, '{beef}', '
  beef*, *beef, *rinder*, *rindfleisch*, rind, vom rind, *rindsuppe*, *rindsgulasch*, *rindsbraten*, *ochsen*, ox,
  oxtail, boeuf, bœuf, manzo, ternera, rundvlees, bresaola, brisket, sirloin, *rumpsteak*, rump steak, *roastbeef*,
  *entrecote*, entrecôte, *tafelspitz*, *sauerbraten*, corned beef, pastrami, tatar, *hamburger, bündnerfleisch,
  veal*, *kalbs*, *kalbfleisch*, osso buco, ossobuco, bouillon de boeuf, beef stock, beef broth, ribeye, t bone,
  chuck roast, flank steak, *rinderbraten*
'),
(false, '{pork}', '
  pork*, *pork, *schwein*, porc, porco, cerdo, maiale, varkensvlees, ham, *ham hock*, gammon, *schinken*,
  *lachsschinken*, *nussschinken*, bacon*, *bacon, *speck*, lardon*, lard, *schmalz*, pancetta*, guanciale,
  prosciutto*, serrano*, iberico, jamon, jamón, coppa, capicola, lardo, nduja, n duja, *salami*, chorizo*, pepperoni,
  salsiccia, mortadella, *bratwurst*, *leberwurst*, *mettwurst*, *teewurst*, *blutwurst*, black pudding, *bockwurst*,
  *knackwurst*, *weißwurst*, *wurst*, *würst*, sausage*, *kassler*, *kasseler*, *eisbein*, *schweinshaxe*,
  *spanferkel*, *mett, mett*, *leberkäse*, *leberkäs*, *fleischwurst*, *lyoner*, *landjäger*, *cabanossi*,
  *krakauer*, kielbasa, andouille, spare rib, sparerib*, carbonara, char siu, tonkatsu, carnitas, chicharron, pork
  rind, *griebenschmalz*, *grieben*, crackling, boar, wild boar, *wildschwein*, hot dog, frankfurter*, *wiener,
  wiener würstchen, *cervelat*, pulled pork, spam, *hackepeter*, *schweinegelatine*, black forest ham, cocktail
  sausage, flammkuchen, *flammkuchen*, *schweinebraten*
'),
(false, '{gelatine,pork}', '
  *gelatin*, *gummibär*, gummy bear, gummi bear, gummies, wine gum, *weingummi*, *fruchtgummi*, marshmallow*,
  *marshmallow*, *aspik*, aspic, jello, jell o, jelly cube, *sülze*, e441, e 441, *götterspeise*, *wackelpudding*,
  panna cotta, haribo
'),
(false, '{gelatine,fish}', '
  fish gelatine, fish gelatin, *fischgelatine*
'),
(false, '{gelatine,beef}', '
  beef gelatine, beef gelatin, *rindergelatine*
'),
(false, '{honey}', '
  honey*, *honey, *honig*, miel, miele, honing, mjöd, mead, bee pollen, *blütenpollen*, royal jelly, gelée royale,
  propolis, *nougat*, nougat, baklava*, honey mustard
'),
(false, '{honey,alcohol}', '
  mead, honigwein
'),
(false, '{insects}', '
  insect*, *insekt*, cricket flour, *heuschrecke*, *mehlwurm*, mealworm*, carmine, cochineal, *karmin*, *cochenille*,
  e120, e 120, shellac, *schellack*, e904, e 904, *bienenwachs*, beeswax, e901
'),
(false, '{alcohol}', '
  alcohol*, *alkohol*, *schnaps*, spirits, liquor, liqueur*, *likör*, rum, vodka*, wodka*, gin, whisky*, whiskey*,
  bourbon*, tequila*, mezcal, grappa, ouzo, raki, arak, pastis, pernod, absinth*, kirsch, kirschwasser,
  *kirschwasser*, *obstler*, weinbrand*, cognac*, armagnac, calvados, cointreau, grand marnier, triple sec,
  limoncello, campari, aperol, martini, kahlua, kahlúa, baileys, irish cream, *eierlikör*, advocaat, crème de cassis,
  creme de cassis, beer*, ale, lager, stout, pilsner, pilsener, cachaça, cachaca, bitters, coq au vin, *rumtopf*,
  *rumrosine*, rum raisin, *punsch*, beer batter, *bierteig*, *weingeist*, bier*, *bier, bowle
'),
(false, '{alcohol,milk}', '
  baileys, irish cream
'),
(false, '{alcohol,eggs,milk}', '
  advocaat, *eierlikör*
')
) as l (is_claim, codes, words)
cross join regexp_split_to_table(btrim(l.words, E' \n'), ',\s*') as w (word)
cross join lateral (
  select case when w.word like '*%' then ltrim(folded) else folded end as spelling
  from rtrim(private.fold_food(w.word)) as folded
  union
  -- Anchovy, anchovies.
  select regexp_replace(case when w.word like '*%' then ltrim(folded) else folded end, 'y$', 'ie')
  from rtrim(private.fold_food(w.word)) as folded
) as spellings
left join lateral unnest(
  l.codes::text[] || case when l.codes ~ '\ymilk\y' then '{lactose}'::text[] end
  || case when l.codes ~ '\y(pork|beef)\y' and not l.is_claim then '{meat}'::text[] end
) as code on true
group by 1, 2;
create index food_words_head on private.food_words (head) include (word, is_open, carries, lacks);

-------------------------------------------------------------------------------
-- Matching
-------------------------------------------------------------------------------

create function private.food_matches(foods text[]) returns table (
  number bigint, starts integer, ends integer, is_last boolean, carries text[], lacks text[]
)
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  return query
  with found as materialized (
    select f.number, i + (w.word like ' %')::integer as starts, i + length(w.word) as ends, substr(folded, i + length(w.word)) as rest,
      w.carries, w.lacks
    from unnest(foods) with ordinality as f (food, number)
    cross join lateral private.fold_food(f.food) as folded
    cross join lateral generate_series(1, length(folded) - 2) as i
    cross join lateral (
      select * from private.food_words as w
      where w.head = substr(folded, i, 3) and starts_with(substr(folded, i), w.word)
        and (w.is_open or substr(folded, i + length(w.word)) ~ '^(s|es|e|n|en|er|em)? ')
      -- Keeps this one look into the index per position: a hash of all words costs milliseconds a call.
      offset 0
    ) as w
  )
  select f.number, f.starts, f.ends, strpos(f.rest, ' ') = length(f.rest), f.carries, f.lacks
  from found as f
  where not exists (
    select from found as longer
    where longer.number = f.number and longer.starts <= f.starts and longer.ends >= f.ends
      and longer.ends - longer.starts > f.ends - f.starts
  );
end $$;
comment on function private.food_matches(text[]) is
  'The words of food_words in each of some foods (numbered from 1), without those that are part of a longer one; '
  'is_last: no word follows.';
grant execute on function private.food_matches(text[]) to authenticated, service_role;

create function private.food_contents(foods text[]) returns table (number bigint, classes text[])
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  return query
  with matches as materialized (
    select m.*,
      -- A claim speaks of what follows, or at the end of what it ends ("vegan butter", "butter, vegan"). Where the
      -- name offers a choice or adds something ("butter or vegan butter"), it is trusted with nothing.
      case
        when m.lacks = '{}' or foods[m.number] ~ '[/;&+]'
          or private.fold_food(foods[m.number])
            ~ ' (or|oder|and|und|with|mit|plus|if|falls|wenn|for|fur|instead|statt|bzw|optional\w*|alternativ\w*|not|nicht) '
          then null
        when m.is_last then 1
        when foods[m.number] !~ '[,(]' then m.ends
      end as holds_from
    from private.food_matches(foods) as m
  )
  select m.number, array_agg(distinct code)
  from matches as m
  cross join unnest(m.carries) as code
  where not exists (
    select from matches as claim
    where claim.number = m.number and code = any (claim.lacks) and m.starts >= claim.holds_from
  )
  group by m.number;
end $$;
comment on function private.food_contents(text[]) is
  'What each of some foods carries, by its name: codes of food_classes. Foods that carry nothing have no row.';
grant execute on function private.food_contents(text[]) to authenticated, service_role;

create function private.food_conflicts(allergies text[], foods text[]) returns table (food text, allergy text)
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  return query
  with parts as materialized (
    -- "Nuts, kiwi" are two.
    select row_number() over () as number, a.allergy, btrim(part) as part
    from unnest(allergies) as a (allergy)
    cross join regexp_split_to_table(a.allergy, '[,;/&+]|\m(?:and|und|or|oder)\M', 'i') as part
  ),
  meant as (
    select m.number, c.code
    from private.food_matches(array(select p.part from parts as p order by p.number)) as m
    cross join unnest(m.carries || m.lacks) as carried
    join private.food_classes as c on c.code = carried and (c.is_allergen or c.code = 'lactose')
  ),
  avoided as materialized (
    select p.number, p.allergy,
      -- What isn't the milk but its sugar.
      case when private.fold_food(p.part) ~ 'la[ck]tos' then '{lactose}' else array_agg(m.code) end as classes,
      null::text[] as words
    from parts as p join meant as m using (number)
    group by p.number, p.allergy, p.part
    union all
    select p.number, p.allergy, '{}', array(
      select case when length(stem) < 4 then ' ' || stem || '(s|es|e|n|en|er)? ' else stem end
      from regexp_split_to_table(btrim(private.fold_food(p.part)), ' ') as word
      cross join lateral regexp_replace(word, '(?<=...)(?:ies|y)$|(?<=[cs]h|ss|x|o)es$|(?<=......)en$|(?<=....)[sne]$', '') as stem
      where word <> '' and word not in (
        'allergy', 'allergic', 'allergie', 'allergien', 'allergies', 'allergisch', 'intolerance', 'intolerant',
        'unvertraglichkeit', 'intoleranz', 'to', 'the', 'all', 'any', 'gegen', 'auf', 'alle', 'no', 'free', 'frei', 'severe')
    )
    from parts as p
    where not exists (select from meant as m where m.number = p.number)
  ),
  named as materialized (
    select f.food, private.fold_food(f.food) as folded, coalesce(c.classes, '{}') as classes
    from unnest(foods) with ordinality as f (food, number)
    left join private.food_contents(foods) as c on c.number = f.number
  )
  select distinct n.food, a.allergy
  from named as n
  join avoided as a on a.classes && n.classes
    or (a.words <> '{}' and not exists (select from unnest(a.words) as word where n.folded !~ word));
end $$;
comment on function private.food_conflicts(text[], text[]) is
  'Which foods carry which of the allergies, both as people write them.';
grant execute on function private.food_conflicts(text[], text[]) to authenticated, service_role;

create function private.allergen_conflicts(allergies text[], foods text[]) returns text[]
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  return array(select distinct c.allergy from private.food_conflicts(allergies, foods) as c order by 1);
end $$;
comment on function private.allergen_conflicts(text[], text[]) is
  'The allergies that any of the foods carries.';
grant execute on function private.allergen_conflicts(text[], text[]) to authenticated, service_role;

create function private.diet_conflicts(dietary text[], foods text[]) returns text[]
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  return array(
    with carried as materialized (
      select array_agg(code) as classes from private.food_contents(foods) as c cross join unnest(c.classes) as code
    )
    select distinct dietary[m.number]
    from private.food_matches(dietary) as m, carried as c
    where m.lacks && c.classes
      -- Kosher: never meat with milk.
      or ('not_kosher' = any (m.lacks) and c.classes @> '{meat,milk}')
    order by 1
  );
end $$;
comment on function private.diet_conflicts(text[], text[]) is
  'The diets that any of the foods breaks; a diet that no word is known for breaks nothing.';
grant execute on function private.diet_conflicts(text[], text[]) to authenticated, service_role;
