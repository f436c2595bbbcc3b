"""The words that receipts use, per language.

A table maps a language to phrases, in the form that `words.fold` gives a text: lower case, no accents. A
space in a phrase may be missing in the text, because readers lose spaces: "grand total" is also
"grandtotal". `~` means that letters may follow, or go before: "roundi~" is also "rounding", "~milch" also
"vollmilch".
"""

from collections.abc import Mapping

Table = Mapping[str, str]

# --- What is to be paid ---------------------------------------------------------------------------

GRAND_TOTAL: Table = {
    "en": "grand total|total due|total payable|total to pay|amount due|amt due|amount payable"
    "|amount to pay|balance due|bal due|balance to pay|net total|nett total|nett amount|nett amt|net amt"
    "|net payable|nett payable|payment due|pay this amount|please pay|invoice total|bill total"
    "|bill amount|order total|total amount due|total amount payable|rounded total|round total"
    "|total rounded|total rounding|total after round~|total after adj~|total incl~|total inc gst"
    "|total inc tax|total inc vat|total with|total gst incl~|total sales incl~|total sales inc"
    "|total rm incl~|total amount incl~|amount incl~|total after tax|total net of|payable amount"
    "|payable amt|total amt payable|total amt incl~|total amt due|sales total|final total"
    "|total payment due|final amount|total invoice|total bill|nett payment|net to pay|round d total"
    "|total due after",
    "ms": "jumlah besar|jumlah perlu dibayar|jumlah dibayar|jumlah keseluruhan|jumlah akhir"
    "|jumlah bersih|perlu dibayar",
    "de": "zu zahlen|zu bezahlen|zahlbetrag|gesamtbetrag|gesamtsumme|endbetrag|endsumme|rechnungsbetrag"
    "|bruttosumme|gesamt brutto|summe brutto|total brutto",
    "fr": "net a payer|total a payer|a payer|montant du|total ttc|montant ttc|total general|ttc a payer",
    "es": "total a pagar|a pagar|importe total|total importe|total factura|total general",
    "it": "totale complessivo|da pagare|totale euro|importo totale|totale da pagare|totale documento"
    "|tot complessivo",
    "pt": "total a pagar|valor a pagar|valor total|total geral|total liquido",
    "nl": "te betalen|totaalbedrag|totaal incl~|totaal te betalen|eindtotaal",
    "pl": "do zaplaty|razem do zaplaty|suma pln|wartosc brutto",
    "scandinavian": "att betala|at betale|a betale|til betaling|att erlagga|totalbelopp|i alt|total dkk"
    "|totalt",
}
TOTAL: Table = {
    "en": "total|totals|ttl|tot|total sales|payable|total amount|total amt|total price|total purchase"
    "|total charge~",
    "ms": "jumlah|amaun",
    "de": "summe|gesamt|total|gesamtpreis",
    "fr": "total|montant total",
    "es": "total|suma",
    "it": "totale",
    "pt": "total|soma",
    "nl": "totaal",
    "pl": "suma|razem|lacznie",
    "scandinavian": "summa|sum|total|totalt|ialt",
}
AMOUNT: Table = {
    "en": "amount|amt",
    "de": "betrag",
    "fr": "montant",
    "es": "importe",
    "it": "importo",
    "pt": "valor|montante",
    "nl": "bedrag",
    "pl": "kwota",
    "scandinavian": "belopp|belob",
}
BALANCE: Table = {"en": "balance"}
"""What is due on some receipts, the change on others, and nothing or a card's credit on yet others."""

SUBTOTAL: Table = {
    "en": "sub total~|subtot~|gross amt|gross amount|sub ttl|subtl|sub amount|sub amt|total excl~"
    "|total exc|total ex gst|total sales excl~|total sales exc|total before|total supply excl~|excl~ gst"
    "|excl~ tax|excl~ vat|excl~ sst|total without|net sales|total w o|food total|goods total|merchandise"
    "|taxable amount|total net|net ttl|amount excl~|amount exc",
    "ms": "jumlah kecil|jumlah sebelum",
    "de": "zwischensumme|zw summe|zwsumme|summe netto|nettosumme|nettobetrag|netto",
    "fr": "sous total|total ht|montant ht|s total",
    "es": "subtotal|base imponible|total neto",
    "it": "subtotale|sub totale|totale parziale|imponibile|tot parziale",
    "pt": "subtotal|sub total|valor liquido",
    "nl": "subtotaal|sub totaal|tussentotaal|totaal excl~",
    "pl": "suma czesciowa|podsuma|suma netto",
    "scandinavian": "delsumma|delsum|subtotal|mellansumma|netto",
}
NOT_TOTAL: Table = {
    "en": "total qty|total quantity|qty total|total items|total item|items total|item total|total no"
    "|total number|total count|total pcs|total units|total unit|total saving~|total saved|you saved"
    "|savings total|total discount~|total disc|total gst|total tax~|total vat|total sst|tax total"
    "|gst total|vat total|sst total|tax ttl|vat ttl|total rounding adj~|total round adj~|total point~"
    "|points total|total reward~|total paid|total payment~|total tender~|total change|total weight"
    "|tot qty|total promo~|total guests|total pax|amount saved|total visits|total sold|total supplies"
    "|total suppl~|total cash|total deposit|total earned|total off|before discount|total litre"
    "|total fuel|gst summary|tax summary|gst amount|gst amt|tax amount|tax amt|amount rm|amt rm",
    "ms": "jumlah kuantiti|jumlah item|jumlah cukai|jumlah diskaun|jumlah jimat",
    "de": "summe mwst|mwst summe|mwst betrag|steuerbetrag|gesamtersparnis|gespart|summe rabatt|anzahl|punkte",
    "fr": "total tva|nombre d articles|total articles|total remise~|economie",
    "es": "total iva|total articulos|total descuento~|total unidades",
    "it": "totale iva|di cui iva|totale sconti|totale pezzi|numero articoli|totale imposta",
    "pt": "total iva|total de itens|qtd total|total descontos|total poupado",
    "nl": "totaal btw|totaal korting|aantal artikelen|totaal voordeel",
    "pl": "suma ptu|kwota ptu|suma vat",
    "scandinavian": "total moms|moms total|antal varor|total rabatt|antal artikler|total rabat",
}

# --- What makes it up, and how it is paid ---------------------------------------------------------

TAX: Table = {
    "en": "tax|taxes|sales tax|gst|vat|sst|hst|pst|qst|tax amount",
    "ms": "cukai",
    "de": "mwst|must|mehrwertst~|ust|umsatzsteuer|enth mwst",
    "fr": "tva|dont tva|taxe~",
    "es": "iva|igic|impuesto~|cuota",
    "it": "iva|imposta|di cui iva",
    "pt": "iva|imposto~",
    "nl": "btw",
    "pl": "ptu|podatek|vat",
    "scandinavian": "moms|mva|merverdiavg~",
}
TAX_IDENTITY: Table = {
    "en": "tax invoice~|tax id|tax no|tax reg~|gst id~|gst no|gst reg~|vat no|vat reg~|vat id|gst number"
    "|tax code|no gst|sst no|sst id|sst reg~|invoice",
    "de": "ust id~|steuer nr|steuernummer|steuer nummer|st nr|uid nr|mwst nr",
    "fr": "n tva|tva intra~|no tva",
    "it": "p iva|partita iva|cod fisc~",
    "nl": "btw nr|btw nummer|btw id",
    "pl": "nip",
    "scandinavian": "moms nr|momsreg~|org nr|cvr~|mva nr",
}
TIP: Table = {
    "en": "tip|tips|gratuity|auto gratuity|service charge|serv charge|svc charge|svc chg|service chg"
    "|svr chg|svc|service|s charge|serv chrg",
    "ms": "caj perkhidmatan|caj servis",
    "de": "trinkgeld|bedienung|tip",
    "fr": "pourboire|service",
    "es": "propina|servicio",
    "it": "mancia|servizio",
    "pt": "gorjeta|taxa de servico",
    "nl": "fooi",
    "pl": "napiwek|serwis",
    "scandinavian": "dricks|drikkepenge|drikkepenger|tips",
}
ROUNDING: Table = {
    "en": "roundi~|round|round adj~|rounded|rnd|rounding adj~|round off|rndg|adj",
    "ms": "pelarasan|penggenapan|bundaran|pengegenapan",
    "de": "rundung~",
    "fr": "arrondi",
    "es": "redondeo",
    "it": "arrotondamento",
    "pt": "arredondamento",
    "nl": "afronding",
    "pl": "zaokraglenie",
    "scandinavian": "avrundning|oresavrunding|oresafrunding|afrunding|avrunding",
}
DISCOUNT: Table = {
    "en": "discount~|disc|dsc|less|coupon~|saving~|save|you save|you saved|promo~|special offer|off"
    "|rebate|voucher|loyalty|markdown|refund",
    "ms": "diskaun|potongan",
    "de": "rabatt~|nachlass|ersparnis|gutschein|preisvorteil|coupon",
    "fr": "remise~|reduction~|bon d achat|avantage|promotion",
    "es": "descuento~|dto|ahorro|cupon",
    "it": "sconto|sconti|buono",
    "pt": "desconto~|poupanca",
    "nl": "korting~|voordeel|bonus",
    "pl": "rabat~|opust|upust",
    "scandinavian": "rabatt~|rabat~",
}
DEPOSIT: Table = {
    "en": "bottle deposit|crv|deposit",
    "de": "pfand|leergut|einwegpfand|mehrwegpfand|pfandrueckgabe",
    "fr": "consigne",
    "nl": "statiegeld|emballage",
    "pl": "kaucja",
    "scandinavian": "pant|pantretur",
}
REFUND: Table = {
    "en": "refund|refund receipt|refund slip|refund voucher|credit note|return receipt"
    "|merchandise return|sales return",
    "ms": "bayaran balik|nota kredit",
    "de": "gutschrift|ruckgabe|ruckgabebeleg|retoure|erstattung|ruckerstattung|storno"
    "|stornobeleg|warenrucknahme",
    "fr": "avoir|remboursement|ticket de remboursement|retour marchandise|facture d avoir",
    "es": "abono|reembolso|factura rectificativa|ticket de devolucion|vale de devolucion",
    "it": "nota di credito|rimborso|reso merce|documento di reso",
    "pt": "nota de credito|reembolso|devolucao",
    "nl": "creditnota|terugbetaling|retourbon|retour artikelen",
    "pl": "zwrot|zwrot towaru|korekta|faktura korygujaca",
    "scandinavian": "retur|returkvitto|aterkop|kreditnota|kreditfaktura|tilbagebetaling|returbilag",
}
CHANGE: Table = {
    "en": "change|changes|cash change|change due|change amt|change amount|your change",
    "ms": "baki|tukar",
    "de": "ruckgeld|rueckgeld|zuruck|zurueck|wechselgeld|zuruck bar",
    "fr": "rendu|monnaie rendue|a rendre|rendu monnaie|monnaie",
    "es": "cambio|vuelto|devolucion|su cambio",
    "it": "resto",
    "pt": "troco",
    "nl": "wisselgeld|terug|retour",
    "pl": "reszta",
    "scandinavian": "vaxel|tilbage|byttepenge|veksel|tillbaka|retur|vekslepenge",
}
CASH: Table = {
    "en": "cash|cash tender~|cash paid|cash payment",
    "ms": "tunai",
    "de": "bar|bargeld|barzahlung|gegeben bar|bar gegeben",
    "fr": "especes|espece|comptant",
    "es": "efectivo|metalico",
    "it": "contante|contanti",
    "pt": "dinheiro|numerario",
    "nl": "contant|kontant",
    "pl": "gotowka",
    "scandinavian": "kontant~|kontanter",
}
CARD: Table = {
    "en": "visa|visa debit|visa card|mastercard|master card|master|amex|american express|debit"
    "|debit card|credit|credit card|card|bank card|maestro|discover|diners~|contactless|visacard|mydebit"
    "|chip|unionpay|visa credit|eftpos|charge card|bankcard|card payment",
    "ms": "kad kredit|kad debit|kad",
    "de": "girocard|ec karte|ec cash|eccash|kartenzahlung|kreditkarte|karte|lastschrift|eckarte|ec",
    "fr": "carte|carte bancaire|cb|carte bleue|cb sans contact",
    "es": "tarjeta~|tarj",
    "it": "bancomat|carta|carta di credito|pagamento elettronico|elettronico|pos",
    "pt": "cartao|multibanco|cartao de credito|mb",
    "nl": "pin|pinnen|bankpas|betaalkaart|pinbetaling",
    "pl": "karta|karta platnicza",
    "scandinavian": "kort|bankkort|kontokort|dankort|bankaxept|kortkop|betalkort",
}
MOBILE: Table = {
    "any": "paypal|apple pay|google pay|touch n go|tng|grabpay|grab pay|boost|alipay|wechat pay|e wallet"
    "|ewallet|swish|vipps|mobilepay|blik|bizum|mb way|twint|klarna|qr pay|duitnow|shopeepay|qrpay",
}
VOUCHER: Table = {
    "en": "gift card|giftcard|gift certificate|voucher|store credit",
    "ms": "baucar",
    "de": "gutschein|geschenkkarte",
    "fr": "carte cadeau|cheque cadeau|titre restaurant|ticket restaurant",
    "es": "tarjeta regalo|vale",
    "it": "buono pasto|buoni pasto|ticket",
    "pt": "vale|cartao oferta",
    "nl": "cadeaukaart|cadeaubon",
    "pl": "bon|karta podarunkowa",
    "scandinavian": "presentkort|gavekort",
}
TENDERED: Table = {
    "en": "tender~|tendered|paid|payment|amount paid|received|amount tendered|pay|cash received"
    "|total paid|total tender~",
    "ms": "bayaran|terima|dibayar",
    "de": "gegeben|erhalten|bezahlt|zahlung",
    "fr": "paye|recu|regle|paiement|reglement|donne",
    "es": "entregado|recibido|pagado|entrega",
    "it": "pagato|pagamento|importo pagato",
    "pt": "entregue|recebido|pago|pagamento",
    "nl": "betaald|ontvangen|betaling",
    "pl": "zaplacono|wplata|platnosc",
    "scandinavian": "betalt|mottaget|mottatt|modtaget|betalning",
}
COUNT: Table = {
    "en": "qty|quantity|qtys|item count|items|item s|no of items|number of items|pcs|nr items|items sold"
    "|sold items|item qty|point~|loyalty|member~|visits|pax|guests|litre~|pump",
    "ms": "kuantiti|bil item",
    "de": "anzahl|posten|artikel|stuck|punkt~",
    "fr": "articles|nbre|nombre|quantite|qte",
    "es": "articulos|cantidad|unidades",
    "it": "pezzi|articoli|quantita|n pezzi",
    "pt": "itens|artigos|quantidade",
    "nl": "aantal",
    "pl": "ilosc|pozycji",
    "scandinavian": "antal|antall|varor",
}

TAX_TABLE: Table = {
    "en": "gst summary|tax summary|gst analysis|tax analysis|taxes analysis|vat summary|vat analysis"
    "|tax code|tax type|vat rate|gst rate|tax rate|sst summary|tax details|gst detail~|vat breakdown"
    "|tax breakdown",
    "ms": "ringkasan cukai|ringkasan gst",
    "de": "mwst satz|mwst netto|mwst brutto|netto mwst|brutto netto|steuersatz|typ netto|satz netto"
    "|netto brutto|mwst umsatz|netto steuer|must brutto|mehrwertst ohne|mwst mwst",
    "fr": "taux ht|tva ht|taux tva|ht tva|ht ttc|code tva",
    "es": "base cuota|iva base|tipo base|base iva",
    "it": "aliquota|riepilogo iva|imponibile imposta",
    "pt": "taxa base|resumo iva|taxa valor|iva base",
    "nl": "btw over|btw bedrag|btw grondslag|over btw|excl btw|btw specificatie",
    "pl": "sprzedaz opodatk~|sprzed opod~|ptu a|opodatkowana",
    "scandinavian": "moms netto|moms brutto|moms excl|netto moms|grunnlag mva|mva grunnlag|moms sats",
}

# --- Dates ----------------------------------------------------------------------------------------

DATE: Table = {
    "en": "date|dt|dated|sales date|bill dt|order time|trans date|transaction date|printed",
    "ms": "tarikh",
    "de": "datum",
    "fr": "date|le",
    "es": "fecha",
    "it": "data|del",
    "pt": "data",
    "nl": "datum",
    "pl": "data",
    "scandinavian": "dato|datum",
}
NOT_DATE: Table = {
    "en": "expir~|exp|valid~|due|until|through|birth~|dob|promo~|return by|best before|use by|since"
    "|established|est|delivery|next|reg date|from|effective|offer|survey|before|within|dated back"
    "|gst reg~|ends|act",
    "ms": "tamat|sehingga|sah",
    "de": "gultig|bis|ablauf|seit|haltbar~|umtausch|zugelassen|lieferung",
    "fr": "valable|jusqu~|expir~|depuis|validite",
    "es": "valido|hasta|caduc~|vence|desde",
    "it": "scad~|valid~|fino|entro|dal",
    "pt": "valid~|ate|desde",
    "nl": "geldig|tot|sinds|vervalt",
    "pl": "wazn~|od dnia|termin",
    "scandinavian": "giltig~|gyldig~|til og med|senast|utlop~|siden|sedan",
}
MONTHS: tuple[str, ...] = (
    "jan~|gen|gennaio|ene|enero|januar~|janv~|sty~",
    "feb~|fev~|fevr~|lut~",
    "mar|march|mart|mars|marzo|marco|maart|mrt|mrz|maerz|marz|mac",
    "apr~|avr~|abr~|kwi~",
    "may|mai|mei|maj|mayo|maggio|mag|maio",
    "jun~|juin|giu~|cze~",
    "jul~|juil~|lug~|lip~",
    "aug~|aou~|ago~|ogos|sie~",
    "sep~|sept~|set|settembre|setembro|wrz~",
    "oct~|okt~|ott~|out|outubro|paz~",
    "nov~|lis~",
    "dec~|dez~|dic~|dis~|des|desember|gru~",
)
"""Names and abbreviations of the months; Slavic ones that mean another month elsewhere are left out."""

# --- The head of a receipt ------------------------------------------------------------------------

LEGAL_FORM: Table = {
    "ms": "sdn bhd|bhd|sdn|s b|plt|enterprise|enterprises|trading",
    "en": "ltd|limited|llc|inc|corp|corporation|plc|llp|pte ltd|pty ltd|company",
    "de": "gmbh~|ag|kg|ohg|e k|ek|ug|e kfr",
    "fr": "sarl|sas|sasu|eurl|snc",
    "es": "s l|sl|slu|s l u|s a",
    "it": "srl|s r l|s p a|spa|s n c",
    "pt": "lda|unipessoal",
    "nl": "b v|bv|n v|vof",
    "pl": "sp z o o|sp j",
    "scandinavian": "ab|a s|aps|oy|oyj",
}
SHOP: Table = {
    "en": "restaurant~|cafe|coffee|bakery|bakeries|market|supermarket|hypermarket|mart|minimart|store"
    "|stores|shop|pharmacy|hardware|stationery|bookstore|bookstores|books|hotel|bar|pub|grill|bistro"
    "|diner|pizza~|kitchen|house|deli|salon|boutique|station|clinic|dental|hospital|cinema|florist"
    "|electrical|electronic~|motor~|auto|furniture|optical|seafood|noodle~|burger~|steakhouse|tavern|inn"
    "|bakeshop|grocer~|wash|laundry|gym|fitness|parking|outlet|express|holding~|industries|services"
    "|service",
    "ms": "restoran|kedai|kopitiam|pasaraya|pasar|farmasi|runcit|klinik|kopi|makan|perniagaan|syarikat"
    "|bengkel|nasi",
    "de": "markt|drogerie|apotheke|backerei|baeckerei|metzgerei|fleischerei|gasthaus|gasthof|kaufhaus"
    "|buchhandlung|baumarkt|tankstelle|friseur|konditorei|getranke~|discount|warenhaus|blumen|hofladen"
    "|biomarkt|imbiss|wirtshaus",
    "fr": "boulangerie|patisserie|pharmacie|marche|supermarche|brasserie|boucherie|epicerie|librairie"
    "|relais|tabac|hypermarche|fromagerie|magasin|creperie",
    "es": "tienda|supermercado~|farmacia|panaderia|restaurante|cafeteria|taberna|meson|libreria"
    "|ferreteria|mercado",
    "it": "ristorante|trattoria|osteria|pizzeria|farmacia|caffe|panificio|supermercato|tabacchi|bottega"
    "|albergo|gelateria|macelleria|negozio|alimentari",
    "pt": "restaurante|padaria|farmacia|mercado|pastelaria|churrasqueira|loja|talho|mercearia",
    "nl": "winkel|bakkerij|apotheek|slagerij|supermarkt|drogist|eetcafe|boekhandel|bloemen|kaashandel",
    "pl": "sklep|apteka|piekarnia|restauracja|cukiernia|delikatesy|kawiarnia|ksiegarnia|hurtownia",
    "scandinavian": "butik|apotek|bageri|bakeri|kiosk|restaurang|matbutik|konditori|bokhandel|kro|kafe"
    "|varehus",
}
STREET: Table = {
    "en": "street|st|road|rd|avenue|ave|avevue|blvd|boulevard|drive|dr|lane|ln|highway|hwy|suite|ste"
    "|floor|flr|unit|block|blk|plaza|level|square|route|mall|centre|po box|p o box|court|parkway|pkwy"
    "|ground|1st|2nd|3rd|section|village",
    "ms": "jalan|jln|lot|taman|tmn|lorong|kampung|kg|seksyen|bandar|selangor|johor|kuala lumpur|kawasan"
    "|persiaran|lebuh|penang|melaka|perak|negeri|wilayah|malaysia|batu|bangunan|tingkat|pusat|medan|desa"
    "|kedah|sabah|sarawak",
    "de": "strasse|str|platz|weg|allee|gasse|ring|hauptstr~|damm|ufer|~strasse|~str|~weg|~platz|~gasse",
    "fr": "rue|avenue|place|boulevard|bd|route|chemin|quai|impasse|cedex|autoroute",
    "es": "calle|avda|avenida|plaza|carretera|ctra|paseo|poligono",
    "it": "via|piazza|corso|viale|vicolo|largo|localita",
    "pt": "rua|av|praca|estrada|largo|travessa",
    "nl": "straat|~straat|laan|~laan|plein|~plein|gracht|~gracht|kade|luchthaven",
    "pl": "ul|ulica|aleja|al|os",
    "scandinavian": "gatan|~gatan|gata|~vagen|vej|~vej|gade|~gade|gate|~veien|torget",
}
NOT_STORE: Table = {
    "en": "receipt~|tax invoice|invoice|cash bill|bill|check|guest check|guest|guests|order~|table|tbl"
    "|cashier|server|served|waiter|staff|host|clerk|operator|date|time|tel|telephone|phone|fax|ph|mobile"
    "|hotline|email|e mail|www|http~|gst|vat|sst|tax|reg|registration|company no|co no|co reg|roc|id|no"
    "|number|welcome|thank~|customer~|copy|duplicate|original|reprint|cash sales|sales|page|terminal"
    "|register|till|trans~|ticket|station|member~|salesperson|ref|account|acct|bill to|sold to|ship to"
    "|deliver~|description|item|items|qty|price|amount|website|open|hours|shopping hours|operated by"
    "|managed by|licensee|formerly|branch|dine in|take away|takeaway|take out|eat in|walk in|store no"
    "|your|please|visit~|pos|counter|slip|enjoy|apply|save|more saving|merchant|simplified|dining"
    "|charge to|proforma|pro forma|official|visiting|come again|merry|happy|copyright|certified|since"
    "|rain check|site|queue",
    "ms": "resit|invois|meja|juruwang|tarikh|masa|terima kasih|selamat|no pendaftaran|cawangan|pelanggan",
    "de": "kassenbon|rechnung|quittung|beleg|bon|kasse|tisch|bedienung|datum|uhrzeit|telefon|herzlich"
    "|willkommen|vielen|danke|offnungszeiten|oeffnungszeiten|unsere|steuer~|ust~|kunde~|filiale"
    "|filialleit~|inhaber|inh|kopie|uhr|mo|eur",
    "fr": "facture|ticket|recu|caisse|caissier|table|serveur|bienvenue|merci|siret|date|heure|tva|client"
    "|vendeur",
    "es": "factura|tiquet|ticket|recibo|caja|cajero|mesa|camarero|bienvenid~|gracias|fecha|hora|cif|nif"
    "|cliente|tienda no",
    "it": "scontrino|ricevuta|fattura|cassa|tavolo|benvenut~|grazie|data|ora|partita iva|p iva|cliente"
    "|documento|commerciale|c f",
    "pt": "fatura|recibo|caixa|mesa|bem vind~|obrigad~|data|hora|contribuinte|cliente|fatura simplificada",
    "nl": "bon|kassabon|kassa|tafel|welkom|bedankt|datum|tijd|klant|factuur|kvk",
    "pl": "paragon|fiskalny|faktura|kasa|stolik|dziekujemy|nip|data|klient|sprzedawca",
    "scandinavian": "kvitto|kvittering|kassa|bord|valkommen|velkommen|tack|tak|takk|datum|dato|kund"
    "|kunde|org nr|cvr",
}

# --- The body of a receipt ------------------------------------------------------------------------

LINES_HEADER: Table = {
    "en": "description|item|items|qty|quantity|price|amount|u price|u p|unit price|rsp|code|product"
    "|article|disc|total|rm|s price|tax|amt|desc|pvp|unit|final|sale|code desc|dish|ant",
    "ms": "butiran|harga|kuantiti|keterangan",
    "de": "artikel|menge|preis|bezeichnung|einzelpreis|betrag|eur|gesamt|anzahl|stk",
    "fr": "designation|qte|pu|prix|montant|article|libelle",
    "es": "descripcion|uds|importe|precio|cant|unidades|concepto",
    "it": "descrizione|quantita|prezzo|importo|euro|iva",
    "pt": "descricao|qtd|preco|valor|artigo",
    "nl": "omschrijving|aantal|prijs|bedrag|aant|produkt|artikel",
    "pl": "nazwa|ilosc|cena|wartosc|towar",
    "scandinavian": "vara|antal|pris|belopp|beskrivelse|beskrivning",
}

# What people spend money on: words of shops and of what is bought there, most telling ones. A line
# is what comes first: a kitchen roll before the kitchen.
CATEGORIES: Mapping[str, Table] = {
    "Groceries": {
        "en": "supermarket|hypermarket|grocer~|mart|minimart|market|milk|bread|eggs|cheese|butter|yogurt"
        "|yoghurt|banana~|apple~|tomato~|potato~|onion~|chicken breast|rice|flour|sugar|cereal"
        "|vegetable~|fruit~|bakery|bakeries|deli",
        "ms": "pasaraya|pasar|runcit|roti|susu|telur|sayur|ayam|beras|gula|minyak masak",
        "de": "supermarkt|lebensmittel|backerei|metzgerei|~milch|~brot|~kase|butter|~joghurt|apfel"
        "|kartoffel~|tomate~|~wurst|hahnchen|~brotchen|discount|biomarkt|pfand|quark|~sahne|gurke~"
        "|zwiebel~|~saft|hofladen|leergut",
        "fr": "supermarche|hypermarche|epicerie|boulangerie|boucherie|lait|pain|fromage|beurre|yaourt"
        "|pommes|oeufs",
        "es": "supermercado~|panaderia|leche|pan integral|barra de pan|queso|huevos|fruta|yogur"
        "|manzana~|mercado",
        "it": "supermercato|panificio|alimentari|latte|pane|formaggio|uova|frutta|mele|macelleria",
        "pt": "supermercado|mercearia|padaria|leite|pao|queijo|ovos|fruta|talho",
        "nl": "supermarkt|bakkerij|slagerij|melk|brood|kaas|eieren|appel~|aardappel~",
        "pl": "delikatesy|piekarnia|mleko|chleb|ser|jajka|maslo|jablka",
        "scandinavian": "matbutik|mjolk|melk|maelk|brod|ost|smor|agg|aeg|egg|bageri|bakeri",
    },
    "Household": {
        "en": "kitchen roll~|toilet roll~|toilet paper|washing up|hardware|furniture|detergent|light bulb"
        "|battery|batteries|paint|screw~|drill|plumbing|pipe|cleaner|towel~"
        "|kitchenware|plastic bags|electrical|diy|home improvement|garden",
        "ms": "perkakas|perabot|sabun|bengkel|papan|simen|pasir",
        "de": "baumarkt|mobel|farbe|schraube~|reiniger|batterie~|gluhbirne|garten|spulmittel|toilettenpapier",
        "fr": "bricolage|meuble~|peinture|lessive|jardin|quincaillerie",
        "es": "ferreteria|muebles|pintura|detergente|bricolaje|jardin",
        "it": "ferramenta|mobili|vernice|detersivo|fai da te|giardino",
        "pt": "ferragens|moveis|tinta|detergente|jardim",
        "nl": "bouwmarkt|meubel~|verf|wasmiddel|doe het zelf|tuin",
        "pl": "budowlany|meble|farba|proszek|ogrod",
        "scandinavian": "byggvaror|mobler|maling|tvattmedel|byggemarked|jernvare|hage",
    },
    "Restaurants": {
        "en": "restaurant~|cafe|coffee|bistro|diner|grill|pizza~|burger~|steakhouse|tavern|pub|noodle~"
        "|seafood|kitchen|dine in|eat in|takeaway|take away|take out|guest check|guests|server|waiter"
        "|table|gratuity|tip|sushi|latte|cappuccino|espresso|dining|covers|breakfast|lunch|dinner|fries"
        "|beer|cocktail|dessert",
        "ms": "restoran|kopitiam|kopi|teh|nasi|mee|goreng|makan|meja",
        "de": "gasthaus|gasthof|imbiss|wirtshaus|tisch|bedienung|speisen|getranke|trinkgeld|schnitzel|bier",
        "fr": "brasserie|creperie|cafe|couvert~|serveur|plat|menu|entree|boisson~",
        "es": "restaurante|cafeteria|taberna|meson|mesa|camarero|cana|croquetas|racion",
        "it": "ristorante|trattoria|osteria|pizzeria|caffe|gelateria|coperto|coperti|tavolo|birra",
        "pt": "restaurante|pastelaria|churrasqueira|mesa|cafe|cerveja",
        "nl": "eetcafe|tafel|bier|koffie|ontbijt|lunch|diner",
        "pl": "restauracja|kawiarnia|cukiernia|stolik|kawa|pierogi",
        "scandinavian": "restaurang|kafe|kro|bord|kaffe|ol|konditori",
    },
    "Transport": {
        "en": "fuel|petrol|diesel|unleaded|litre|pump|gas station|gasoline|taxi|parking|car park|toll"
        "|train|railway|airline|bus fare|car wash|gallon~|ron95|ron97|ron 95|service station",
        "ms": "petrol|minyak|tambang|parkir|tol|stesen minyak",
        "de": "tankstelle|benzin|diesel|super e10|parkhaus|parken|fahrkarte|fahrschein|bahn|taxi",
        "fr": "essence|gazole|carburant|parking|peage|sncf|billet",
        "es": "gasolina|gasolinera|gasoleo|aparcamiento|peaje|billete",
        "it": "benzina|gasolio|carburante|parcheggio|pedaggio|biglietto",
        "pt": "gasolina|gasoleo|combustivel|estacionamento|portagem|bilhete",
        "nl": "benzine|tankstation|parkeren|treinkaartje|tol",
        "pl": "paliwo|benzyna|parking|bilet|stacja paliw",
        "scandinavian": "bensin|drivmedel|parkering|brandstof|billett|biljett|drivstoff",
    },
    "Health": {
        "en": "pharmacy|drugstore|clinic|hospital|dental|optical|prescription|tablets|capsules|vitamin~"
        "|medical|doctor|rx",
        "ms": "farmasi|klinik|ubat|gigi",
        "de": "apotheke|arzt|rezept|tabletten|medikament~|optiker|atemschutz~|zahnarzt",
        "fr": "pharmacie|medecin|ordonnance|comprimes|opticien",
        "es": "farmacia|medico|receta|comprimidos|optica",
        "it": "farmacia|medico|ricetta|compresse|ottica",
        "pt": "farmacia|medico|comprimidos|otica",
        "nl": "apotheek|huisarts|tabletten|opticien",
        "pl": "apteka|lekarz|tabletki|recepta",
        "scandinavian": "apotek|lakare|laege|tabletter|resept|recept",
    },
    "Personal care": {
        "en": "shampoo|cosmetic~|beauty|salon|barber|hair|skin care|lotion|perfume|toothpaste|deodorant"
        "|spa|pore|cream",
        "ms": "kecantikan|gunting rambut|syampu",
        "de": "drogerie|friseur|kosmetik|parfum~|zahncreme|shampoo|deo|gesichts~|seife|dusch~",
        "fr": "coiffeur|beaute|parfumerie|shampooing|dentifrice",
        "es": "peluqueria|perfumeria|champu|cosmetica",
        "it": "parrucchiere|profumeria|bellezza|dentifricio",
        "pt": "cabeleireiro|perfumaria|beleza|champo",
        "nl": "drogist|kapper|parfumerie|tandpasta",
        "pl": "drogeria|fryzjer|kosmetyki|szampon",
        "scandinavian": "frisor|parfume|hudvard|schampo|hudpleie",
    },
    "Clothing": {
        "en": "clothing|fashion|shoes|shirt|t shirt|jeans|dress|jacket|apparel|footwear|socks|boutique"
        "|trousers|pants",
        "ms": "pakaian|kasut|baju|seluar",
        "de": "bekleidung|schuhe|hemd|hose|kleid|jacke|mode|textil~|socken",
        "fr": "vetement~|chaussures|chemise|robe|pantalon|mode",
        "es": "ropa|zapatos|camisa|vestido|pantalon|moda",
        "it": "abbigliamento|scarpe|camicia|vestito|pantaloni|moda",
        "pt": "roupa|sapatos|camisa|vestido|calcas|moda",
        "nl": "kleding|schoenen|overhemd|jurk|broek|mode",
        "pl": "odziez|buty|koszula|sukienka|spodnie|moda",
        "scandinavian": "klader|klaer|toj|skor|sko|skjorta|kjole|bukse",
    },
    "Electronics": {
        "en": "electronic~|computer|laptop|phone case|charger|cable|usb|headphone~|television|camera"
        "|smartwatch|software",
        "de": "elektro~|elektronik|computer|kabel|fernseher|kamera|ladegerat|kopfhorer|hifi",
        "fr": "electronique|ordinateur|informatique|telephone|chargeur",
        "es": "electronica|informatica|ordenador|cargador",
        "it": "elettronica|informatica|computer|caricatore",
        "pt": "eletronica|informatica|computador|carregador",
        "nl": "elektronica|computer|oplader|kabel",
        "pl": "elektronika|komputer|ladowarka|kabel",
        "scandinavian": "elektronik|elektronikk|dator|datamaskin|laddare|lader",
    },
    "Leisure": {
        "en": "cinema|movie|theatre|museum|book|books|bookstore~|toys|game|games|sports|gym|fitness"
        "|ticket~|concert|greeting|card thanks|stationery|magazine|newspaper",
        "ms": "buku|mainan|pawagam|wayang|alat tulis",
        "de": "kino|museum|buch|bucher|buchhandlung|spielwaren|sport|eintritt|zeitschrift~|schreibwaren"
        "|taschenbuch",
        "fr": "cinema|musee|livre|librairie|jouets|sport|journal|papeterie",
        "es": "cine|museo|libro|libreria|juguetes|deporte|papeleria",
        "it": "cinema|museo|libro|libri|libreria|giocattoli|sport|cartoleria|giornali",
        "pt": "cinema|museu|livro|livraria|brinquedos|desporto|papelaria",
        "nl": "bioscoop|museum|boek|boekhandel|speelgoed|sport|tijdschrift",
        "pl": "kino|muzeum|ksiazka|ksiegarnia|zabawki|sport|gazeta",
        "scandinavian": "bio|kino|museum|bok|bokhandel|leksaker|legetoj|sport|avis",
    },
}

# --- What is meant as it stands ----------------------------------------------------------------------

PLAIN: Table = {
    "en": "anal|article|bear|below|blob|bogus|bones|bound|bounded|brand|bricks|chance|chances|changed"
    "|charges|chat|cross|debate|detour|document|documents|done|drinks|eight|foods|found|gender|good"
    "|grant|grass|grind|grows|guess|having|height|joint|layer|liquid|lite|montana|mound|older|paint"
    "|paints|paper|pesto|pint|pints|poster|pound|prick|prime|print|prints|prize|punk|quota|receive"
    "|receives|regard|relate|render|rendered|rest|resume|retail|rice|rounds|royalty|saying|sender"
    "|serves|sorting|sound|stack|steer|stems|stick|stock|supplied|supplier|takes|tapes|taxis|tens"
    "|tinder|tricks|unity|upon|vessel|visit|woods|wound",
    "ms": "cuka|kecik|sukar",
    "de": "dunne|gerat|kosten|nette|pesten|reise|rund|sonne|suppe|tonne|zonne",
    "fr": "bonne|coucher|gratuit|gratuite|gratuits|libre|liquide|livre|ombre|peint|pont|reste|rond|somme"
    "|titre|toucher|vitre",
    "es": "bueno|calor|hombre|mancha|plata|plomo|primo|redondo|regla|trozo|vuelta",
    "it": "buona|buone|buoni|conti|donna|gesto|grana|grano|gratuito|letto|marcia|mezzi|pancia|petto|pezzo"
    "|testo|tetto|vuota",
    "pt": "custa|manca|troca",
    "nl": "gedrag|punt|stuk",
    "scandinavian": "drick|dricka|gran|grans|samma|samme",
    "any": "axel|besan|bono|cesar|natto|opus|provo|renate",
}
"""Goods, places and names that are one letter away from a word of the tables above, and no misread ones."""
