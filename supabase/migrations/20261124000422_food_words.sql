-- The words that private.food_terms and private.food_synonyms (in the file before, foods) know. Safety first: when a
-- name leaves it open, the food carries it. A further word is a word in a list here, and nothing else.

-------------------------------------------------------------------------------
-- What a food carries
-------------------------------------------------------------------------------

-- A star: the word may go on at that side, as in German compounds. Otherwise that side is where a word begins or ends.
insert into private.food_terms (word, is_open, carries, lacks, hides)
select spelling, w.word like '%*',
  coalesce(array_agg(distinct code) filter (where l.kind <> 'claim' and code is not null), '{}'),
  coalesce(array_agg(distinct code) filter (where l.kind = 'claim'), '{}'),
  bool_or(l.kind <> 'word')
from (values
-- Words that say what a food carries, beside what its other words say.
('word', '{gluten}', '
  gluten, glutine, cereal, getreide, *getreideflock*, *wheat*, *weizen*, rye*, *roggen*, barley*, *gerste*, *graupe*,
  oat*, *hafer*, spelt*, *dinkel*, kamut, khorasan, emmer, *einkorn*, farro, freekeh, triticale, *grünkern*, durum,
  semolina, *grieß*, rava, suji, sooji, *bulgur*, burghul, kuskus, *couscous*, ptitim, *mehl*, *flour*, atta, maida,
  *seitan*, panko, *bread*, *brot*, *semmel*, *knödel*, *schrippe*, baguette, ciabatta, focaccia, roti, chapati,
  chapatti, paratha, pita, pitta, lavash, lavas, yufka, matzo, matzah, matze, *zwieback*, rusk, crouton, pretzel,
  *breze*, *laugen*, bun, roll, *toast, sandwich*, wrap, tortilla, burrito, quesadilla, taco shell, *pasta*,
  spaghetti*, *spaghetti, penne, fusilli, farfalle, rigatoni, macaroni, makkaroni, linguine, bucatini, orzo, risoni,
  tagliolini, capellini, vermicelli, conchiglie, orecchiette, cavatelli, ditalini, cannelloni, lasagne*, lasagna*,
  ravioli, gnocchi, *teig*, *dough*, *pastry*, filo, phyllo, fillo, *cracker*, bran, malt*, beer, porter, ovomaltine,
  horlicks, *panade*, *panier*, battered, soba, udon, somen, gyoza, wonton, won ton, dim sum, dumpling, empanada,
  pierogi, *maultasche*, *strudel*, *burger, weetabix, shreddies, oblate, farina, harina, farine, frumento, grano,
  trigo, blé, froment, orge, avena, avoine, seigle, centeno, segale, cebada, tarwe, gerst, haver, rogge, brood,
  pangrattato, chapelure, mie de pain, *spaetzle*, malz*, flocken, kleie, tarte*, *brezn*, *pumpernickel*,
  yeast extract, *hefeextrakt*, vegemite, vitam r, hp sauce, brown sauce, chinkiang, black vinegar, *klöß*, *kloß*,
  *salzstange*, pringles, leibniz, *prinzenrolle*, tuc, cheerios, porridge, rice krispies, special k, corn flake,
  *cornflake*, corn pops, weckle, *brösel*, stuffing, wafer, ice cream cone, ice cream cones, *lakritz*, liquorice,
  licorice, asafoetida, asafetida, hing, injera, tipo 00, *schrot, vollkorn, brez*, bulghur, burgul, cous cous,
  *tabbouleh*, *taboulé*, tabouli, aglio e olio, wholemeal, bruschett*, crostini, panzanella, ribollita, fregola,
  maftoul, moghrabieh, fattoush, vol au vent, bao, mantou, samosa, pide, börek, lahmacun, gözleme, blini, knish,
  calzone, stromboli, panini, crumpet, enchilada, fajita, chow mein, lo mein, graham, triticum, hordeum, secale,
  *panettone*, bunny chow
'),
('word', '{gluten,crustaceans,eggs,fish,soybeans}', '*surimi*'),
('word', '{gluten,eggs}', '
  *spätzle*, *knöpfle*, *nudel*, *noodle*, *eierteigwaren*, *teigwaren, tagliatelle, pappardelle, fettuccine,
  fettucine, fresh pasta, frische pasta, tempura*, wiener schnitzel, schnitzel wiener art, yorkshire pudding,
  *biskuit*, ladyfinger, lady finger, sponge finger, savoiardi, *kartoffelpuffer*, katsu*, nugget, chicken kiev,
  popcorn chicken, dumplings, quorn, milanese, latke, *bauernfrühstück*, strammer max
'),
('word', '{gluten,eggs,fish}', '
  fish finger, fish stick, *fischstäbchen*, *fishcake*, *backfisch*, fish and chips, fish & chips
'),
('word', '{gluten,eggs,fish,soybeans}', 'okonomiyaki, takoyaki'),
('word', '{gluten,eggs,soybeans,milk,tree_nuts}', 'dominostein'),
('word', '{gluten,eggs,milk}', '
  cake, cheesecake, *cupcake*, pancake*, *kuchen*, *torte*, *törtchen*, *muffin*, *brownie*, *blondie, waffle,
  *waffel*, *palatschinke*, crepe, crêpe, *krapfen*, donut*, doughnut*, *cookie*, *keks*, biscuit, *plätzchen*,
  *gebäck*, *croissant*, brioche*, *hefezopf*, *zopf, panettone, pandoro, *hörnchen*, profiterole, eclair, éclair,
  churro, quiche*, tart, pie, *tartelette*, batter, *rührteig*, *mürbeteig*, shortcrust, shortbread, *schmarrn*,
  *dampfnudel*, *buchtel*, scone, challah, madeleine, genoise, gingerbread, *windbeutel*, graham cracker,
  french toast, *arme ritter*, onion ring, arancini, croquette, *krokette*, *flädle*, *backerbse*, *frittaten*,
  eggs benedict, *quarkkeulchen*, moussaka, pastitsio, chicken parm, beignet, cannoli
'),
('word', '{gluten,eggs,milk,tree_nuts}', '
  *stollen*, *lebkuchen*, macaron, macaroon, *florentiner*, *linzer*, bakewell, cantuccini, cantucci, biscotti,
  dacquoise, *bienenstich*
'),
('word', '{gluten,eggs,milk,tree_nuts,honey}', 'baklava*'),
('word', '{gluten,eggs,milk,pork}', 'carbonara, cordon bleu, toad in the hole, corn dog'),
('word', '{gluten,eggs,milk,alcohol}', '*tiramisu*'),
('word', '{gluten,eggs,pork}', 'tonkatsu'),
('word', '{gluten,eggs,pork,beef}', '
  *fleischpflanzerl*, meatball, meat ball, *hackbällchen*, *hackbraten*, meat loaf, *frikadelle*, *bulette*, meatloaf,
  *klops*
'),
('word', '{gluten,fish,soybeans}', '*worcester*'),
('word', '{gluten,peanuts,tree_nuts}', 'granola, *müsli*'),
('word', '{gluten,soybeans}', '
  ramen, ponzu*, soy sauce, soya sauce, soysauce, soyasauce, *sojasauce*, *sojasoße*, *sojasosse*, shoyu*, tamari*,
  teriyaki*, kecap*, ketjap*, sauce soja, salsa de soja, salsa di soia, maggi*, liquid aminos, gochujang*, doenjang*,
  ssamjang, bulgogi*, doubanjiang, bean paste, sukiyaki, yakitori, stir fry sauce, *woksauce*, *woksoße*,
  veggie burger, textured wheat protein, oreo, biscoff, speculoos, *spekulatius*, vegan mince, veggie mince,
  vegan meat, veganes hack, vegan burger, vegan sausage, vegane wurst, vegetarische wurst, vegan chicken,
  plant based chicken, pad see ew
'),
('word', '{gluten,soybeans,milk,celery}', '
  stock cube, *brühwürfel*, bouillon cube, stock powder, *brühpulver*, *instantbrühe*, bouillon powder, *bratensoße*,
  *bratensauce*, *soßenbinder*, *soßenpulver*
'),
('word', '{gluten,soybeans,milk,celery,meat}', 'gravy'),
('word', '{gluten,soybeans,celery}', 'tonkatsu sauce'),
('word', '{gluten,soybeans,sesame}', 'hoisin*, bibimbap, japchae'),
('word', '{gluten,soybeans,molluscs,not_kosher}', 'oyster sauce, oystersauce, *austernsauce*, *austernsoße*'),
('word', '{gluten,milk}', '
  naan, roux, *pizza*, puff pastry, *blätterteig*, lasagne, lasagna, *béchamel*, mac and cheese, white sauce,
  cream soup, *kässpatzen*, milo, ovaltine, kitkat, kit kat, twix, filinchen, *babybrei*, spanakopita, stroganoff,
  *grießbrei*, mac & cheese, mac + cheese
'),
('word', '{gluten,milk,celery}', 'poutine'),
('word', '{gluten,milk,mustard}', 'rarebit'),
('word', '{gluten,milk,molluscs,not_kosher}', 'clam chowder'),
('word', '{gluten,tree_nuts}', '*printen*, *magenbrot*, muhammara'),
('word', '{gluten,celery}', 'marmite, cenovis, oxo, knorr, minestrone'),
('word', '{gluten,sesame}', '
  bagel, falafel*, simit, burger bun, *burgerbrötchen*, grissini, breadstick, *fladenbrot*
'),
('word', '{gluten,meat}', 'haggis'),
('word', '{gluten,pork}', 'hot dog, *flammkuchen*, sausage*, *grützwurst*, pinkel, scotch egg, banger'),
('word', '{gluten,beef}', 'mincemeat'),
('word', '{gluten,alcohol}', 'ale, lager, stout, pilsner, pilsener, *bierteig*, bier*, *bier, radler, shandy'),
('word', '{crustaceans}', 'black tiger, büsumer, ebiten, tomalley, moreton bay bug'),
('word', '{crustaceans,eggs,fish,peanuts,soybeans}', 'pad thai'),
('word', '{crustaceans,fish}', '
  kimchi*, laksa, tom yum, tom yam, *currypaste*, curry paste, sambal, nasi goreng, bami goreng, xo sauce, som tam,
  pho, tom kha, pad kra pao
'),
('word', '{crustaceans,fish,molluscs,not_kosher}', '
  *seafood*, sea food, *meeresfrüchte*, frutti di mare, marisco, fruits de mer, bouillabaisse, paella, cioppino,
  zarzuela
'),
('word', '{crustaceans,milk,not_kosher}', 'bisque'),
('word', '{crustaceans,molluscs,not_kosher}', '*schalentier*'),
('word', '{crustaceans,not_kosher}', '
  crustacean*, *krustentier*, *krebstier*, *shrimp*, *prawn*, crab, *lobster*, *crawdad*, *langoust*, *scampi*,
  scampo, krill, barnacle, yabby, *garnele*, *krabbe*, *flusskrebs*, *krebsschwänz*, krebs, seespinne, *hummer*,
  *languste*, kaisergranat, gamba, *crevette*, camaron, langostino, cigala, bogavante, gamberetto, gamberetti,
  gambero, gamberi, aragosta, astice, granchio, homard, écrevisse, garnalen, krab, kreeft, rejer, räkor, reker,
  krewetki, ebi, belacan, belachan, terasi, trassi, *krupuk*, *kroepoek*, percebes, nephrops, balmain bug,
  morton bay bug
'),
('word', '{eggs}', '
  egg*, *egg, ei, eier*, *eier, *freilandei, *bioei, *spiegelei, *rührei, *solei, *eigelb*, *eidotter*, *dotter,
  dotter*, *eiweiß*, *eischnee*, *vollei*, eipulver, *eiklar*, *trockenei, flüssigei, yolk*, albumen, albumin*,
  ovalbumin*, ovomucoid, lysozym, e 1105, e1105, *meringue*, *baiser*, pavlova, *omelett*, omelet, frittata,
  shakshuka, *aioli*, allioli, alioli, *hollandaise*, *béarnaise*, huevo, uovo, uova, oeuf, œuf, ovo, jajko, jajka,
  ägg, *soufflé*, lemon curd, zabaglione, zabaione, sabayon, marshmallow, *schaumkuss*, *osterei, globulin, livetin,
  vitellin, ovovitellin, ovotransferrin, avidin
'),
('word', '{eggs,fish,milk,mustard}', 'caesar*, cesar salad, cäsar*'),
('word', '{eggs,fish,celery,mustard}', 'cocktail sauce'),
('word', '{eggs,fish,mustard}', 'niçoise, nizza salat, nizzasalat'),
('word', '{eggs,milk}', '
  *custard*, creme brulee, crème brûlée, crème caramel, creme caramel, flan, *pudding*, ice cream, *icecream*, eis,
  *eiscreme*, *speiseeis*, *vanilleeis*, *schokoladeneis*, *schokoeis*, *erdbeereis*, *softeis*, gelato, *parfait*,
  eggnog, egg nog, *bavarois*, mousse, semifreddo, zuppa inglese, trifle, *vanillesauce*, *vanillesoße*,
  horchata de huevo, grüne soße, grüne sauce, magnum, cornetto, *auflauf*, simplesse
'),
('word', '{eggs,milk,mustard}', 'ranch, blue cheese dressing'),
('word', '{eggs,milk,pork,gelatine}', 'panna cotta'),
('word', '{eggs,milk,alcohol}', 'advocaat, *eierlikör*'),
('word', '{eggs,tree_nuts}', '*makrone*'),
('word', '{eggs,tree_nuts,celery,mustard}', 'waldorf*'),
('word', '{eggs,mustard}', '
  mayo, *mayonnaise*, *majonäse*, *majonaise*, *remoulade*, tartare sauce, tartar sauce, sauce tartare,
  thousand island, *cocktailsauce*, *cocktailsoße*, coleslaw, cole slaw, miracel whip, miracle whip, burger sauce,
  potato salad, *kartoffelsalat*, *salatcreme*, salad cream
'),
('word', '{fish}', '
  *fish*, *fisch*, pesce, pesci, pescado, poisson, peixe, vis, ryby, ryba, *anchov*, anchois, anchoa, acciuga,
  acciughe, alici, boqueron, *sardell*, *sardine*, sardina, sarde, *tuna*, thon, tonno, atun, atún, bonito*, skipjack,
  albacore, katsuobushi, dashi*, *salmon*, *lachs*, saumon, lox, gravlax, graved, *forelle*, trout*, truite, trota,
  trucha, cod, codling, *kabeljau*, *dorsch*, bacalao, bacalhau, baccala, baccalà, cabillaud, merluzzo, morue,
  haddock, pollock, pollack, köhler, saithe, coley, hake, *seehecht*, merluza, whiting, *wittling*, halibut,
  *heilbutt*, *steinbutt*, turbot, plaice, *scholle*, sole, *seezunge*, *rotzunge*, flounder, *flunder*, *herring*,
  *hering*, *matjes*, *rollmops*, kipper*, bloater, *bückling*, mackerel*, *makrele*, sprat, *sprotte*, whitebait,
  seabass, *barsch*, branzino, bream, *dorade*, dorada, snapper, grouper, zander, pike, pikeperch, perch, hecht, carp,
  *karpfen*, *pangasius*, basa, barramundi, mahi mahi, mahimahi, *red mullet*, mullet, *meerbarbe*, john dory,
  orange roughy, *saibling*, char, *felchen*, maräne, smelt, roe, tarama, taramasalata, tobiko, masago, ikura,
  bottarga, capelin, shad, wahoo, escolar, ling, tusk, amberjack, hamachi, yellowtail, sashimi, ceviche, nigiri,
  garum, nam pla, nuoc mam, nước mắm, colatura, isinglass, hausenblase, lea and perrins, puttanesca, tonnato,
  tapenade, olivenpaste, bagna cauda, *labskaus*, gentleman s relish, äsche, renke, brasse, stint, rogen, loup de mer,
  *tilapia*, salsa verde, *fisk, poke, maki, onigiri, temaki, bass, flathead, trevalla, trevally, morwong, warehou,
  mulloway, cobia, tarakihi, hoki, gurnard, kahawai, wrasse, scrod, walleye, tench, brill, rotfeder, brachse, quappe,
  leng, kliesche, limande, knurrhahn, *hornhecht*, huchen, schleie, plötze
'),
('word', '{fish,sesame}', 'sushi'),
('word', '{fish,not_kosher}', '
  eel, *aal, aal*, *räucheraal*, unagi, anguille, anguilla, anguila, shark, *haifisch*, *schillerlocke*, dogfish,
  rock salmon, catfish, *katfisch*, monkfish, angler fish, *seeteufel*, swordfish, *schwertfisch*, sturgeon, caviar*,
  *kaviar*, skate, ray wing, lumpfish roe, *lamprey*, stör, wels, lotte, *steinbeißer*, rochen, rochenflügel
'),
('word', '{peanuts}', '
  *peanut*, *groundnut*, goober*, arachis*, arachid*, cacahuete, cacahuète, cacahuate, cacahouete, cacauete, amendoim,
  pinda, pindakaas, jordnöt*, jordnød*, peanøtt*, orzeszki ziemne, satay*, saté, sate, *satesauce*, *satésoße*,
  gado gado, kung pao, gong bao, pb and j, pbj, pb2, bamba snack, massaman*, mafe, maafe, chikki, reese s, reeses,
  pb&j
'),
('word', '{peanuts,soybeans,milk}', 'peanut butter cup, snickers, m ms, m and m s, peanut brittle, m&ms, m&m s'),
('word', '{peanuts,tree_nuts}', '
  nut, *nuss*, trail mix, *studentenfutter*, noix, nuez, nueces, noce, noci, noot, noten, nötter, nødder, nøtter,
  orzech, orzechy, frutta secca, frutos secos, frutti secchi, mandelonas, nutmeat
'),
('word', '{soybeans}', '
  soy*, *soja*, soia, *tofu*, beancurd, tempeh*, tempe, edamame*, miso*, natto, yuba, okara, tvp, textured protein,
  vegetable protein, *pflanzenprotein*, *lecithin*, *lezithin*, e322, e 322, glycine max, kinako, daizu, douchi,
  black bean sauce, aburaage, inari, alpro
'),
('word', '{soybeans,milk}', '
  *chocolate, *schoko*, *kuvertüre*, couverture, choc, choco*, cioccolato, cioccolata, *zartbitter*, ganache,
  *margarine*, cocoa glaze, rama, lätta, becel, flora, *streichfett*
'),
('word', '{soybeans,milk,tree_nuts}', '
  *praline*, *nutella*, *nougatcreme*, nuss nougat creme, hazelnut spread, duplo, hanuta, ferrero, lindt
'),
('word', '{soybeans,tree_nuts}', '
  vegan cheese, vegan parmesan, vegan feta, vegan mozzarella, vegan cream cheese, veganer käse
'),
('word', '{milk}', '
  *milk*, *milch*, *laktose*, lattosio, lactosa, dairy*, *cream*, *creme*, crema, *sahne*, *rahm*, *obers, *schmand*,
  *schmant*, *butter*, ghee, ghi, *käse*, *cheese*, *joghurt*, *jogurt*, *yogurt*, *yoghurt*, yoghourt, *quark*,
  topfen*, *skyr*, *kefir*, ayran, lassi, raita, tsatsiki, zaziki, *tzatziki*, curd, whey*, *molke*, casein*,
  *caseinat*, lactalbumin, lactoglobulin, laktalbumin, e966, lactitol, half and half, *fraîche*, smetana, labneh,
  labne, cajeta, *babynahrung*, infant formula, *paneer*, ricotta*, mascarpone*, mozzarella*, *mozzarella, feta*,
  *feta, halloumi*, haloumi, hellim, *parmesan*, parmigiano*, reggiano, pecorino*, gouda*, emmental*, *emmentaler*,
  edam, cheddar*, gruyere, gruyère, greyerzer, appenzeller, tilsiter, leerdammer, maasdamer, camembert*, brie,
  gorgonzola*, roquefort*, stilton, manchego, mimolette, comte, comté, reblochon, raclette*, fondue, fontina,
  provolone*, scamorza, burrata, stracciatella, taleggio, asiago, munster, münster, romadur, harzer, handkäs,
  philadelphia, boursin, cottage, queso*, fromage*, formaggio, formaggi, chevre, chèvre, kashkaval, kaymak, quarg,
  wensleydale, colby, monterey jack, pepper jack, velveeta, provola, bocconcini, cotija, jarlsberg, havarti,
  saint agur, *obazda*, *obatzda*, liptauer, lait, leche, latte, leite, mleko, mælk, mjölk, melk*, beurre, burro,
  mantequilla, boter, smör, smør, masło, panna, nata, zuivel, kaas, cappuccino, macchiato, frappe, caramel*,
  *karamel*, toffee*, fudge, alfredo, mornay, *gratin*, *überbacken*, protein powder, *proteinpulver*, *eiweißpulver*,
  kaschk, kashk, doogh, airag, clabber, chowder, *nusspli*, tikka masala, makhani, malai, kulfi, rasgulla,
  gulab jamun, kheer, *lactose*, babybel, kiri, laughing cow, danone, activia, actimel, yakult, fruchtzwerge,
  petit suisse, cambozola, saint albray, tête de moine, sbrinz, vacherin, old amsterdam, grana, caciocavallo,
  idiazabal, salakis, bresso, exquisa, almette, *kaffeeweißer*, hot cocoa, bavaria blu, weißlacker, mars bar,
  *eiskaffee*, caprese, mashed potato, *kartoffelbrei*, *kartoffelpüree*, *kartoffelstampf*, lactoferrin*, lactulose*,
  recaldent, tagatose, half & half
'),
('word', '{milk,tree_nuts}', 'korma, *pesto*, *nugat*, rocher, toffifee, toblerone, mozartkugel, raffaello'),
('word', '{milk,tree_nuts,honey}', '*nougat*'),
('word', '{milk,celery,mustard}', '*salatkrönung*'),
('word', '{milk,alcohol}', 'baileys, irish cream'),
('word', '{tree_nuts}', '
  treenut, *schalenfrucht*, *almond*, *mandel*, *hazelnut*, filbert*, cobnut, *walnut*, *pecan*, *pekan*, *cashew*,
  kaju, anacard*, *pistachio*, *pistazie*, pistache*, pistacchi*, pistacho, *macadamia*, brazilnut, pinenut,
  pine kernel, *pinienkern*, pignol*, pinoli, *marzipan*, *persipan*, *frangipan*, *gianduia*, gianduja, *krokant*,
  amaretti*, *amarettini*, amande*, mandorla, mandorle, almendra*, amendoa, noisette*, nocciola, nocciole, avellana*,
  avela, pacana, mandlar, mandler, migdaly, migdały, laskowe, orgeat, ajo blanco, ajoblanco, romesco, *marcona*,
  *bethmännchen*, *vanillekipferl*, *zimtstern*, nocino, *zedernkern*, beechnut, *bucheckern*, chinquapin
'),
('word', '{tree_nuts,sesame}', '*dukkah*, dukka'),
('word', '{tree_nuts,alcohol}', 'amaretto*, disaronno, frangelico'),
('word', '{celery}', '
  celery*, celeriac*, *sellerie*, sellery, selleri, celeri, céleri, apio, sedano, sedani, selderij, selder,
  bleekselderij, seler, aipo, *suppengrün*, *suppengemüse*, *suppengewürz*, *suppenbund*, mirepoix, soffritto,
  sofrito, *röstgemüse*, bouquet garni, *brühe*, stock, *bouillon*, consommé, consomme, *gemüsefond*, *kalbsfond*,
  *fond, *suppenwürfel*, *suppenpulver*, vegeta, fondor, aromat, bloody mary, tomato juice cocktail, v 8, v8,
  *gewürzmischung*, *gewürzsalz*, *kräutersalz*, herbal salt, spice mix, *streuwürze*, soup mix, *tütensuppe*,
  *packet soup*, caponata
'),
('word', '{celery,mustard}', '
  curry powder, *currypulver*, *currygewürz*, piccalilli, *gewürzgurke*, pickled gherkin, barbecue sauce, bbq sauce,
  *grillsauce*, *grillsoße*, *ketchup*, old bay, seasoning, *grillgewürz*, *gewürzzubereitung*
'),
('word', '{celery,mustard,pork}', '*bratwurst*'),
('word', '{celery,meat}', 'bolognaise, ragu, ragù, *bolognese*'),
('word', '{mustard}', '
  mustard*, *mustard, moutarde, mostaza, mosterd, senap, sennep, gorczyca, musztarda, dijon*, *vinaigrette*,
  *salatdressing*, *salatsauce*, *salatsoße*, dressing, sarepta, kasundi, colman*, *rouladen*, panch phoron,
  panch phoran, rai seed, sambar powder, chutney, relish, wasabi*, vindaloo, madras, senf*, *senf, *senfsauce*,
  *senfsoße*, *senfkruste*, *senfdressing*, *senfbutter*, *senfsahne*, *senfmarinade*, *senfkörner*, *senfsaat*,
  *senföl*, *senfpulver*
'),
('word', '{mustard,sulphites}', 'mostarda'),
('word', '{mustard,pork,gelatine}', '*sülze*'),
('word', '{mustard,beef}', 'pastrami'),
('word', '{sesame}', '
  *sesam*, *tahin*, tehina, hummus*, humus, houmous, houmus, hommus, humous, halva*, halwa*, helva, chalva, gomasio,
  gomashio, gomasi, benne seed, gingelly, gingelli, til oil, til seed, zaatar, za atar, zahtar, zatar, simsim,
  ajonjoli, ajonjolí, sezam*, goma dressing, furikake, shichimi*, togarashi, baba ganoush, baba ghanoush,
  baba ghanouj, baba ganush, mutabal
'),
('word', '{sulphites}', '
  sulphite*, *sulfit*, sulphur*, sulfur*, *schwefel*, metabisulphite, so2, so 2, e220, e221, e222, e223, e224, e225,
  e226, e227, e228, e 220, e 221, e 222, e 223, e 224, e 225, e 226, e 227, e 228, *weinessig*, balsamic*,
  *balsamico*, *balsamessig*, *apfelessig*, dried fruit, *trockenfrucht*, *dörrobst*, *backobst*, *trockenobst*,
  *rosine*, sultana*, *sultanine*, currant, *korinthe*, dried apricot, getrocknete aprikose*, *trockenaprikose*,
  prune, *backpflaume*, *dörrpflaume*, getrocknete pflaume*, dried mango, dried pineapple, dried apple, *apfelringe*,
  dried fig, getrocknete feige*, dried tomato, getrocknete tomate*, candied*, glacé, maraschino*, *belegkirsche*,
  *orangeat*, *zitronat*, *succade*, instant mash, mashed potato flakes, *kartoffelpüreepulver*, dehydrated potato,
  grape juice, *traubensaft*, bottled lemon juice, molasses, *melasse*, *sauerkraut*, *weinkraut*, pickled onion,
  *silberzwiebel*, *meerrettich*, horseradish, solfiti, *trockenpflaume*, dried cranberry, getrocknete cranberry,
  cranberries getrocknet, raisin
'),
('word', '{sulphites,alcohol}', '
  wine, wein, *rotwein*, *weißwein*, *roséwein*, *glühwein*, *portwein*, *apfelwein*, *kochwein*, *reiswein*,
  *perlwein*, *schaumwein*, *dessertwein*, *obstwein*, *weinsoße*, *weinsauce*, vin, vino, vinho, marsala, madeira,
  sherry*, port, champagn*, *champagner*, prosecco*, cava, vermouth, wermut, riesling*, chardonnay, merlot, cabernet,
  burgundy, shaoxing*, mirin*, sake, cider, cidre, cognac, brandy*, sangria, redwine, whitewine, sekt, weinschorle,
  *apfelmost*, weinschaum*
'),
('word', '{lupin}', '
  lupin*, *lupine*, altramuz, altramuces, tremoco*, tremoço*, tremosso, chocho andino, tarwi, *wolfsbohne*,
  *feigbohne*, lopino*, turmus, termos beans
'),
('word', '{molluscs}', 'cherrystone, littleneck, quahog, pismo, opihi, lapas'),
('word', '{molluscs,not_kosher}', '
  mollus*, *weichtier*, *mussel*, *muschel*, clam*, *clams, vongole, cozze, moules, mejillon, almeja*, oyster*,
  *auster*, huitre*, huître*, ostra*, ostrica, scallop*, *scallop, coquille*, st jacques, capesante, vieira*, squid*,
  calamar*, *kalmar*, octopus*, *oktopus*, krake, pulpo, polpo, polipo, poulpe, polvo, sepia*, seppia, seppie, sepie,
  chipiron*, snail*, *schnecken, schnecke, *weinbergschnecke*, escargot*, caracol*, lumache, abalone*, *seeohr*,
  *meerohr*, cockle*, whelk*, bulot, bigorneau, periwinkle, conch, limpet, geoduck, navajas, palourde*, inktvis,
  mosselen, *meeresschnecke*, *sepiatinte*
'),
('word', '{meat}', '
  meat*, *meat, *fleisch*, viande, vlees, mięso, chicken*, *chicken, *hühn*, *hähnchen*, *hendl*, *poulet*, poularde,
  pollo, turkey*, *truthahn*, duck*, ente, goose, gans, *gänse*, poultry, *geflügel*, lamb*, lamm*, mutton, hammel*,
  venison, *hirsch*, reh, *rehrücken*, *rehkeule*, quail, wachtel, *fasan*, pheasant, partridge, pigeon, ostrich,
  kangaroo, hack, *geschnetzel*, *gulasch*, goulash, *schnitzel*, steak*, *steak, *kotelett*, cutlet, *bratenfond*,
  burger patty, *döner*, kebab*, *kebap*, gyros, shawarma, souvlaki, *leber*, liver, *herzragout, tripe, kutteln,
  tongue, foie gras, pate, pâté, *pastete*, *aufschnitt*, cold cuts, bone broth, *knochenbrühe*, suet, talg, tallow,
  dripping, demi glace, demiglace, fond brun, jerky, biltong, wienerle, carne, pute, puten*, *huhn*, enten*, kalb*,
  braten, roulade, *kohlroulade*, taube, *rollbraten*, *krustenbraten*, *sonntagsbraten*, *hühnereintopf*, *köfte*,
  kofta, schawarma, seekh, nieren, *lammnieren, emu, kidneys, short rib, barbecue rib, prime rib
'),
('word', '{meat,not_kosher}', '
  rabbit*, *kaninchen*, hare, horse meat, *pferdefleisch*, frog leg, *froschschenkel*, alligator, crocodile,
  *krokodil*, blood sausage, hase, *feldhase*
'),
('word', '{pork}', '
  pork*, *pork, *schwein*, porc, porco, cerdo, maiale, varkensvlees, ham, *ham hock*, gammon, *schinken*, bacon*,
  *bacon, *speck*, lardon*, lard, *schmalz*, pancetta*, guanciale, prosciutto*, serrano*, iberico, jamon, jamón,
  coppa, capicola, lardo, nduja, n duja, *salami*, chorizo*, salsiccia, mortadella, *kassler*, *kasseler*, *eisbein*,
  *spanferkel*, *mett, mett*, *lyoner*, *landjäger*, *krakauer*, kielbasa, andouille, spare rib, sparerib*, carnitas,
  chicharron, *grieben*, crackling, boar, spam, *hackepeter*, *wurst*, *würst*, pepperoni, *cabanossi*, *cervelat*,
  *wiener, frankfurter*, *leberkäs*, *kabanos*, nürnberger, thüringer, debreziner, *krainer*, lorraine, saltimbocca
'),
('word', '{pork,beef}', 'mince, *hackfleisch*, minced meat, ground meat'),
('word', '{pork,gelatine}', '
  *gelatin*, *gummibär*, gummy bear, gummi bear, gummies, *weingummi*, *fruchtgummi*, *marshmallow*, *aspik*, aspic,
  jello, jell o, jelly cube, e441, e 441, *götterspeise*, haribo
'),
('word', '{pork,not_kosher}', '*blutwurst*'),
('word', '{beef}', '
  beef*, *beef, *rinder*, *rindfleisch*, rind, *rindsuppe*, *rindsgulasch*, *rindsbraten*, *ochsen*, ox, oxtail,
  boeuf, bœuf, manzo, ternera, rundvlees, brisket, sirloin, *rumpsteak*, rump steak, *roastbeef*, *entrecote*,
  *tafelspitz*, *sauerbraten*, tatar, *hamburger, bündnerfleisch, *kalbs*, *kalbfleisch*, osso buco, ossobuco, ribeye,
  t bone, chuck roast, flank steak, veal*, bresaola
'),
('word', '{gelatine}', 'collagen, kollagen'),
('word', '{honey}', '
  honey*, *honey, *honig*, miel, honing, mjöd, bee pollen, *blütenpollen*, royal jelly, gelée royale, propolis
'),
('word', '{honey,alcohol}', 'mead, honigwein, met'),
('word', '{insects}', '
  insect*, *insekt*, cricket flour, *heuschrecke*, mealworm*, carmine, cochineal, *karmin*, *cochenille*, e120, e 120,
  shellac, *schellack*, e904, e 904, *bienenwachs*, beeswax, e901
'),
('word', '{alcohol}', '
  alcohol*, *alkohol*, *schnaps*, spirits, liquor, liqueur*, *likör*, rum, vodka*, wodka*, gin, whisky*, whiskey*,
  bourbon*, tequila*, mezcal, grappa, ouzo, raki, arak, pastis, pernod, absinth*, kirsch, *kirschwasser*, *obstler*,
  weinbrand*, cognac*, armagnac, calvados, cointreau, grand marnier, triple sec, limoncello, campari, aperol, martini,
  kahlua, kahlúa, beer*, cachaça, cachaca, bitters, *rumtopf*, *rumrosine*, *punsch*, *weingeist*, bowle
'),
-- Names that carry this instead of what is in them: almond milk isn't milk.
('instead', '{}', '
  coco nut, *kokosnuss*, coconut milk, coconut cream, coconut butter, coconut yogurt, coconut yoghurt,
  cream of coconut, creamed coconut, *coconutmilk*, *kokosmilch*, *kokoscreme*, *kokossahne*, *kokosrahm*,
  *kokosjoghurt*, *kokosbutter*, *kokosmehl*, coconut flour, coconut meat, *kokosfleisch*, nut meg, *muskatnuss*,
  *butternut*, butter nut squash, butter nut pumpkin, *chestnut flour*, *betelnuss*, betel nut, *kolanuss*, kola nut,
  cola nut, tiger nut, tiger nut milk, tigernut milk, tiger nut flour, tigernut flour, *erdmandel*, *wassernuss*,
  *genuss*, *buckwheat*, buck wheat, buckwheat flour, buckwheat noodle, *buchweizen*, *buchweizenmehl*,
  *buchweizennudel*, rice milk, *ricemilk*, *reismilch*, rice cream, hemp milk, *hanfmilch*, flax milk, pea milk,
  *erbsenmilch*, potato milk, *kartoffelmilch*, hemp seed milk, quinoa milk, milk thistle, *milchsäure*, milk cap,
  milkcap, *milchling*, butter bean, *butterbean*, butter lettuce, butter head, *butterhead*, *buttercup*,
  *butterkohl*, butterfly, cocoa butter, cacao butter, cacaobutter, cocoabutter, *kakaobutter*, shea butter,
  *sheabutter*, apple butter, pumpkin butter, seed butter, sunflower butter, sunbutter, mango butter, cream of tartar,
  cream of rice, cream sherry, creamed corn, rice noodle, *ricenoodle*, glass noodle, cellophane noodle,
  shirataki noodle, konjac noodle, kelp noodle, zucchini noodle, courgette noodle, mung bean noodle,
  sweet potato noodle, corn noodle, *reisnudel*, *glasnudel*, *konjaknudel*, *zucchininudel*, *maisnudel*,
  *linsennudel*, *kichererbsennudel*, rice pasta, corn pasta, lentil pasta, chickpea pasta, rice spaghetti,
  rice vermicelli, rice cake, rice cracker, *reiswaffel*, *reiskuchen*, *reiscracker*, *maiswaffel*, corn cake,
  corn tortilla, tortilla chip, corn cracker, potato cake, rice bread, rice couscous, rice flour, corn flour,
  *cornflour*, maize flour, masa flour, masa harina, chickpea flour, gram flour, garbanzo flour, besan flour,
  potato flour, tapioca flour, cassava flour, teff flour, sorghum flour, millet flour, quinoa flour, amaranth flour,
  arrowroot flour, lentil flour, banana flour, plantain flour, pea flour, hemp flour, flaxseed flour, flax flour,
  linseed flour, urad flour, bean flour, yam flour, *maismehl*, *reismehl*, *kartoffelmehl*, *johannisbrot*,
  *johannisbrotkernmehl*, *guarkernmehl*, *guarmehl*, *kastanienmehl*, *maronenmehl*, *hirsemehl*, *quinoamehl*,
  *teffmehl*, *tapiokamehl*, *maniokmehl*, *leinsamenmehl*, *leinmehl*, *hanfmehl*, *linsenmehl*, *erbsenmehl*,
  *amaranthmehl*, *bananenmehl*, *kürbiskernmehl*, *traubenkernmehl*, *sorghummehl*, *bohnenmehl*, *stärkemehl*,
  *breadfruit*, bread fruit, *brotfrucht*, *küchenkräut*, *küchenzwiebel*, *küchengarn*, *eggplant*, egg plant,
  egg fruit, *eggfruit*, *eierschwamm*, *eierpflaume*, *eierbaum*, *eierfrucht*, *eiertomate*, oyster mushroom,
  king oyster, oyster plant, *austernpilz*, *austernseitling*, *austernsaitling*, *austernkraut*, *schneckennudel*,
  sunflower lecithin, *sonnenblumenlecithin*, rapeseed lecithin, *rapslecithin*, *fruchtfleisch*, *tomatenfleisch*,
  *kürbisfleisch*, *mangofleisch*, *fleischtomate*, beef tomato, beefsteak tomato, *beefsteaktomat*, lemon rind,
  orange rind, lime rind, citrus rind, rind of, ginger ale, ginger beer, root beer, birch beer, rum aroma,
  rum flavour, rum flavor, rum extract, honeydew, honey dew, *honigmelone*, honeycrisp, honey crisp, honeynut,
  honeycomb toffee, *honigtomate*, sherry tomato, cauliflower steak, *blumenkohlsteak*, pumpkin pie spice,
  apple pie spice, tart cherry, tart apple, char grilled, rice bran, *maltodextrin*, maltit*, nata de coco,
  noix de coco, noix de muscade, nuez moscada, noce moscata, noce di cocco, spaghetti squash, *spaghettikürbis*,
  pasta sauce, *pastasauce*, *pastasoße*, caramelized, caramelised, *karamellisiert*, *apfelschnitzel*,
  *sellerieschnitzel*, *kinderpunsch*, sin carne, not vegan, non vegan, nicht vegan, not vegetarian, non vegetarian,
  nicht vegetarisch, not halal, not kosher, apple cider, sweet cider, *maisgrieß*, *butterbohne*, *butternuss*,
  *tamarind*, *polentagrieß*, *reisgrieß*, *buchweizengrieß*, *hirsegrieß*, *branntweinessig*, sambal oelek,
  sambal ulek, *leinsamenschrot*, *maisschrot*, italian seasoning, *tortenguss*, *sahnesteif*, flax egg, chia egg,
  *hirschhornsalz*, *freier, *feier, butterkürbis, butterpilz, butterbirne, milk fed, *erbseneiweiß*, *reiseiweiß*,
  *hanfeiweiß*, *kartoffeleiweiß*, rinde, *steakpfeffer*, coconut bacon, rice paper bacon, *flachs*, *kleberreis*,
  *schäfer*, creamy, tamarillo, custard apple
'),
('instead', '{gluten}', '
  oatmilk, oat milk, *hafermilch*, oat cream, *hafersahne*, oat yogurt, *dinkelmilch*, grape nuts, brewer s yeast,
  brewers yeast, *bierhefe*, cake flour, *seitanwurst*, *weizeneiweiß*, seitan gyros, *kleber*
'),
('instead', '{gluten,eggs,milk,tree_nuts}', '*frankfurter kranz*'),
('instead', '{gluten,fish,mustard}', 'steak sauce'),
('instead', '{gluten,soybeans}', 'meat substitute, meat alternative, *fleischersatz*, plant based meat'),
('instead', '{gluten,soybeans,pork}', 'char siu'),
('instead', '{gluten,sesame}', 'hamburger bun'),
('instead', '{gluten,meat,pork,not_kosher}', 'black pudding'),
('instead', '{gluten,pork}', 'white pudding'),
('instead', '{crustaceans,molluscs,not_kosher}', '*shellfish*, shell fish'),
('instead', '{crustaceans,not_kosher}', '
  crabmeat*, crab meat, *crayfish*, cray fish, *crawfish*, craw fish, *krebsfleisch*, garnaal, *krabbenfleisch*,
  *hummerfleisch*, *garnelenfleisch*, lobster meat, prawn meat, shrimp meat
'),
('instead', '{eggs}', '
  tortilla espanola, tortilla de patatas, *hühnerei*, *gänseei*, *entenei*, *wachtelei*, *straußenei*, quail egg,
  duck egg, goose egg, chicken egg, turkey egg
'),
('instead', '{fish}', '
  lebertran, cod liver oil, *butterfisch*, butterfish, *buttermakrele*, tuna steak, salmon steak, fish steak,
  cod steak, *thunfischsteak*, *lachssteak*, halibut steak
'),
('instead', '{fish,gelatine}', 'fish gelatin, *fischgelatine*'),
('instead', '{fish,not_kosher}', 'swordfish steak'),
('instead', '{peanuts}', '
  pea nut, *erdnuss*, peanut butter, peanutbutter, *erdnussbutter*, *erdnussmehl*, peanut flour, ground nut,
  monkey nut, earth nut, orzechy arachidowe, beer nut
'),
('instead', '{peanuts,tree_nuts}', 'nut butter, nut milk, *nussmilch*, nut flour, *nussmehl*'),
('instead', '{soybeans}', '
  soy milk, soya milk, *soymilk*, *soyamilk*, *sojamilch*, soy cream, soya cream, *sojasahne*, *sojacreme*,
  *sojajoghurt*, soy yogurt, soya yogurt, soy yoghurt, soya yoghurt, *sojaquark*, soy butter, soy cheese, *sojakäse*,
  soy flour, soya flour, *sojamehl*, *sojaschnitzel*, *sojafleisch*, soy nut, soya nut, *sojageschnetzel*, soy meat,
  soya mince, tofu steak, bean curd, *pflanzeneiweiß*, *sojawurst*, *tofuwurst*
'),
('instead', '{soybeans,celery}', '*sojabolognese*, tofu bolognese, *tofubolognese*'),
('instead', '{milk}', '
  *milcheiweiß*, *butterschmalz*, limburger, port salut, manteiga, non dairy creamer, nondairy creamer, harzer roller,
  *molkeneiweiß*
'),
('instead', '{tree_nuts}', '
  tree nut, *baumnuss*, almond milk, *almondmilk*, almond butter, *almondbutter*, almond flour, *almondflour*,
  almond cream, almond yogurt, almond yoghurt, almond cheese, *mandelmilch*, *mandelbutter*, *mandelmehl*,
  *mandelsahne*, *mandelcreme*, *mandeljoghurt*, *mandelkäse*, hazel nut, hazelnut milk, hazelnut butter,
  hazelnut flour, *haselnuss*, *haselnussmilch*, *haselnussmehl*, *haselnussbutter*, cob nut, wal nut, walnut milk,
  walnut butter, *walnuss*, pecan nut, *pekannuss*, *pecannuss*, cashew nut, cashew milk, cashew butter, cashew cream,
  cashew cheese, cashew yogurt, *cashewnuss*, *cashewmilch*, *cashewbutter*, *cashewcreme*, *cashewkäse*,
  pistachio nut, pistachio butter, pistachio milk, macadamia nut, macadamia milk, macadamia butter, *macadamianuss*,
  queensland nut, *brazil nut*, *paranuss*, para nut, noix du bresil, pine nut, *piniennuss*, *zedernuss*, pinon nut,
  hickory nut, *hickorynuss*, noix de cajou, ginkgo nut, *nussfrucht*
'),
('instead', '{celery}', '*broth*, *linsenbolognese*, *gemüsebolognese*, lentil bolognese'),
('instead', '{celery,mustard}', '*hähnchengewürz*, *bratengewürz*, *fischgewürz*'),
('instead', '{sulphites}', '
  wine vinegar, cider vinegar, sherry vinegar, *kloßteig*, champagne vinegar, *weißweinessig*, *rotweinessig*,
  *apfelweinessig*
'),
('instead', '{lupin}', '
  *lupinenmehl*, lupin flour, lupine flour, lupine milk, lupin milk, *lupinenmilch*, *lupinenjoghurt*,
  *lupinenschnitzel*, *lupineneiweiß*
'),
('instead', '{molluscs,not_kosher}', '
  *tintenfisch*, *cuttlefish*, cuttle fish, *muschelfleisch*, clam meat, mussel meat, scallop meat
'),
('instead', '{meat}', '
  sweetbread, *gänseschmalz*, *milchkalb*, milchlamm, *lammlachs*, *putenlachs*, *lammhack*, *putenhack*,
  turkey bacon, turkey ham
'),
('instead', '{meat,pork}', '*leberkäse*'),
('instead', '{pork}', '*lachsschinken*, *nussschinken*, pork rind, *schweinelachs*'),
('instead', '{pork,gelatine}', 'wine gum, *wackelpudding*'),
('instead', '{beef}', '*kalbslachs*, *rinderlachs*, beef bacon'),
('instead', '{beef,gelatine}', 'beef gelatin, *rindergelatine*'),
('instead', '{insects}', '*mehlwurm*'),
('instead', '{alcohol}', 'crème de cassis, creme de cassis'),
-- Claims: what isn't in a food that says so, and what somebody excludes who asks for it.
('claim', '{gluten}', '
  gluten free, glutenfree, glutenfrei, without gluten, ohne gluten, no gluten, gf, celiac, coeliac, zöliakie,
  sans gluten, sin gluten, senza glutine
'),
('claim', '{crustaceans,eggs,fish,milk,molluscs,meat,pork,beef,gelatine,honey,insects}', '
  vegan, veganism, veganismus, plant based, plantbased, pflanzlich, végan, vegano, vegana
'),
('claim', '{crustaceans,eggs,fish,molluscs,meat,pork,beef,gelatine,insects}', 'lakto vegetarisch, lacto vegetarisch'),
('claim', '{crustaceans,fish,molluscs}', 'no seafood, without seafood, seafood free, ohne meeresfrüchte'),
('claim', '{crustaceans,fish,molluscs,meat,pork,beef,gelatine,insects}', '
  vegetarian, vegetarisch, vegetarier, vegetarierin, vegetarismus, ovo lacto vegetarian, lacto ovo vegetarian, veggi,
  végétarien, vegetariano, vegetariana
'),
('claim', '{crustaceans,molluscs}', 'no shellfish, without shellfish, shellfish free'),
('claim', '{crustaceans,molluscs,pork,not_kosher}', 'kosher, koscher, kascher, casher'),
('claim', '{eggs}', '
  egg free, eggfree, eggless, eifrei, without egg, no egg, ohne ei, ohne eier, sans oeuf, sin huevo, senza uova
'),
('claim', '{fish}', 'fish free, fischfrei, no fish, without fish, ohne fisch'),
('claim', '{peanuts}', 'peanut free, erdnussfrei, without peanuts, no peanuts, ohne erdnüsse'),
('claim', '{peanuts,tree_nuts}', 'nut free, nutfree, nussfrei, without nuts, no nuts, ohne nüsse, sans noix'),
('claim', '{soybeans}', 'soy free, soya free, sojafrei, without soy, no soy, ohne soja'),
('claim', '{milk}', '
  dairy free, dairyfree, milk free, milkfree, milchfrei, non dairy, nondairy, without milk, without dairy, no milk,
  no dairy, ohne milch, kuhmilchfrei, ohne milchprodukte, milcheiweißfrei, sans lait, sin leche, senza latte
'),
('claim', '{celery}', 'celery free, selleriefrei, ohne sellerie'),
('claim', '{mustard}', 'mustard free, senffrei, ohne senf'),
('claim', '{sesame}', 'sesame free, sesamfrei, no sesame, ohne sesam'),
('claim', '{sulphites}', '
  sulphite free, sulfite free, sulfitfrei, unsulphured, unsulfured, ungeschwefelt, no sulphites, no sulfites,
  ohne sulfite
'),
('claim', '{lactose}', '
  lactose free, lactosefree, laktosefrei, lactosefrei, minus l, without lactose, no lactose, ohne laktose,
  ohne lactose, sans lactose, sin lactosa, senza lattosio
'),
('claim', '{meat,pork,beef}', '
  meat free, meatfree, meatless, fleischfrei, fleischlos, no meat, without meat, ohne fleisch, pescatarian,
  pescetarian, pescatarier, pescetarier, pescetarisch, pescatarisch, pesketarisch, pesco vegetarian, piscatarian
'),
('claim', '{pork}', '
  pork free, no pork, without pork, ohne schwein, ohne schweinefleisch, schweinefleischfrei, kein schwein,
  kein schweinefleisch
'),
('claim', '{pork,alcohol}', 'halal, halaal, helal'),
('claim', '{beef}', 'beef free, no beef, without beef, ohne rind, ohne rindfleisch, kein rind, kein rindfleisch'),
('claim', '{gelatine}', 'gelatine free, gelatin free, ohne gelatine'),
('claim', '{alcohol}', '
  alcohol free, non alcoholic, nonalcoholic, alkoholfrei, no alcohol, without alcohol, ohne alkohol, kein alkohol,
  sans alcool
')
) as l (kind, codes, words)
cross join regexp_split_to_table(btrim(l.words, E' \n'), ',\s*') as w (word)
cross join rtrim(private.fold_food(w.word)) as folded
cross join lateral (select case when w.word like '*%' then ltrim(folded) else folded end as first) as o
-- Anchovy, anchovies.
cross join lateral (select o.first union select regexp_replace(o.first, 'y$', 'ie')) as s (spelling)
left join lateral unnest(
  l.codes::text[] || case when l.codes ~ '\ymilk\y' then '{lactose}'::text[] end
  || case when l.codes ~ '\y(pork|beef)\y' and l.kind <> 'claim' then '{meat}'::text[] end
) as code on true
group by 1, 2;

-------------------------------------------------------------------------------
-- Other foods that people react to
-------------------------------------------------------------------------------

insert into private.food_synonyms (called, includes)
select
  array(select private.food_stem(word) from regexp_split_to_table(s.called, ',\s*') as word),
  array(
    select private.food_stem(word) from regexp_split_to_table(names, ',\s*') as word
    -- Not every last s is a plural's (Mais, Reis).
    union select btrim(private.fold_food(word)) from regexp_split_to_table(names, ',\s*') as word
  )
from (values
('apple, Apfel', ''),
('apricot, Aprikose, Marille', ''),
('banana, Banane', ''),
('beans, Bohnen', ''),
('berry, Beere', ''),
('blueberry, Heidelbeere, Blaubeere', ''),
('caffeine, Koffein', 'coffee, Kaffee, espresso, cappuccino, tea, Tee, matcha, cola, guarana'),
('carrot, Karotte, Möhre, Mohrrübe, Rüebli', ''),
('cherry, Kirsche', ''),
('chicken, Huhn, Hähnchen, Hühnchen', 'poulet, poularde, pollo'),
('chickpeas, Kichererbsen', 'garbanzo, gram flour, besan, hummus, falafel'),
('chilli, chili, chile, Chili', 'cayenne, jalapeño, peperoni, sriracha, sambal, harissa, tabasco'),
('cinnamon, Zimt', ''),
('citrus, citrus fruit, Zitrus, Zitrusfrucht', '
  orange, Apfelsine, lemon, Zitrone, lime, Limette, limone, grapefruit, Pampelmuse, pomelo, mandarin, Mandarine,
  clementine, tangerine, satsuma, kumquat, yuzu, bergamot'),
('cocoa, cacao, Kakao', 'chocolate, Schokolade, Schoko'),
('coconut, Kokos, Kokosnuss', ''),
('coffee, Kaffee', 'espresso, cappuccino, latte macchiato, mocha'),
('coriander, cilantro, Koriander', ''),
('corn, maize, Mais, sweetcorn', 'polenta, hominy, masa, grits, tortilla, nacho, maizena'),
('cucumber, Gurke', 'gherkin, cornichon, pickle'),
('cumin, Kreuzkümmel', ''),
('eggplant, aubergine, Melanzani', ''),
('fig, Feige', ''),
('garlic, Knoblauch', 'aioli, allioli'),
('ginger, Ingwer', ''),
('grape, Traube, Weintraube', 'raisin, Rosine, sultana, Sultanine'),
('lamb, Lamm', ''),
('leek, Lauch, Porree', ''),
('legume, pulse, Hülsenfrucht', '
  bean, Bohne, pea, Erbse, chickpea, lentil, Linse, garbanzo, hummus, falafel, dal, dhal, daal, besan, gram flour, soy,
  Soja, tofu, tempeh, edamame, miso, peanut, Erdnuss, lupin'),
('lemon, Zitrone', ''),
('lentil, Linse', 'dal, dhal, daal'),
('lime, Limette', ''),
('mint, Minze', ''),
('mushroom, Pilz, fungi', '
  champignon, shiitake, portobello, porcini, chanterelle, Pfifferling, morel, Morchel, Seitling, enoki, truffle,
  Trüffel, Schwammerl'),
('nightshade, Nachtschatten, Nachtschattengewächs, solanaceae', '
  tomato, Tomate, Paradeiser, passata, ketchup, potato, Kartoffel, Erdapfel, Erdäpfel, pommes, aubergine, eggplant,
  Melanzani, paprika, bell pepper, chilli, chili, cayenne, goji'),
('onion, Zwiebel', 'shallot, Schalotte'),
('orange, Apfelsine', ''),
('parsley, Petersilie', ''),
('peach, Pfirsich', 'nectarine, Nektarine'),
('pear, Birne', ''),
('pea, Erbse', ''),
('pepper, Pfeffer', 'peppercorn'),
('bell pepper, sweet pepper, capsicum, Paprika', ''),
('pineapple, Ananas', ''),
('plum, Pflaume, Zwetschge, Zwetschke', 'prune'),
('poppy, Mohn', ''),
('potato, Kartoffel, Erdapfel, Erdäpfel', 'gnocchi, pommes, fries, crisps, rösti'),
('poultry, Geflügel', '
  chicken, Huhn, Hähnchen, Hühnchen, poulet, turkey, Pute, Truthahn, duck, Ente, Enten, goose, Gans, quail, Wachtel'),
('pumpkin, Kürbis', 'squash'),
('raspberry, Himbeere', ''),
('red meat, rotes Fleisch', 'beef, Rind, lamb, Lamm, pork, Schwein, veal, Kalb, venison, Hirsch'),
('rice, Reis', 'risotto, sushi'),
('spinach, Spinat', ''),
('stone fruit, Steinobst', '
  peach, Pfirsich, nectarine, Nektarine, plum, Pflaume, Zwetschge, Zwetschke, apricot, Aprikose, Marille, cherry,
  Kirsche'),
('strawberry, Erdbeere', ''),
('sunflower, Sonnenblume, Sonnenblumenkern', ''),
('sugar, Zucker', ''),
('tomato, Tomate, Paradeiser', 'passata, ketchup'),
('vanilla, Vanille', ''),
('yeast, Hefe', ''),
('zucchini, courgette', '')
) as s (called, includes)
cross join lateral concat_ws(', ', s.called, nullif(btrim(s.includes, E' \n'), '')) as names;
