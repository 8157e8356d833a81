"""Word lists of the training text: names, places, things, verbs and small facts.

In: nothing. Out: tuples of strings and of small tuples, in a fixed order (the order is part of the seed's
meaning: moving a word changes every text drawn after it). All entries are everyday words, true facts or
invented names; nothing is read from a file. Refuses: nothing.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _rows(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(cell.strip() for cell in row.split("/")) for row in text.split(",") if row.strip())


FEMALE = _words(
    "Ada Alice Amara Amelia Amina Ana Anna Aria Astrid Bella Bianca Carla Carmen Chloe Clara Daisy Dana "
    "Diana Elena Elif Ella Emily Emma Esther Eva Farah Fatima Fiona Flora Freya Gina Grace Greta Hana Hannah "
    "Helen Ida Ines Ingrid Irene Iris Isabel Ivy Jane Jasmine Joanna Julia June Kate Kira Lara Laura Leila "
    "Lena Lina Lily Linda Lucia Lucy Luna Maria Marta Mary Maya Mei Mia Mila Mina Mira Mona Nadia Nina Nora "
    "Olga Olivia Paula Petra Priya Rita Rosa Rose Ruth Sana Sara Selma Sofia Sonia Stella Tara Tina Uma Vera "
    "Wendy Yara Yuki Zoe"
)
MALE = _words(
    "Adam Ahmed Alan Albert Alex Amir Andre Anton Arthur Ben Boris Bruno Carl Carlos Chen Daniel David Diego "
    "Dmitri Edgar Elias Emil Erik Ethan Felix Finn Frank Gabriel George Hamid Hans Harry Hassan Henry Hugo "
    "Ian Igor Isaac Ivan Jack Jacob James Jan Jonas John Jorge Joseph Juan Karl Kenji Kevin Kofi Lars Leo "
    "Liam Louis Lucas Luis Marco Mark Martin Mateo Max Miguel Milan Nathan Nico Noah Oliver Omar Oscar Otto "
    "Pablo Paul Pedro Peter Rafael Rahul Ravi Robert Robin Sam Samuel Simon Stefan Sven Thomas Tim Tom "
    "Victor Walter William Yusuf"
)
LAST = _words(
    "Adams Allen Andersen Bauer Becker Bell Berg Brown Carter Castro Chen Clark Costa Cruz Dahl Davis Diaz "
    "Duarte Dubois Evans Fischer Fonseca Foster Garcia Gomez Gray Green Gupta Haas Hall Hansen Harris Hill "
    "Hoffmann Hughes Ivanov Jackson Jansen Jensen Johnson Jones Kaya Keller Khan Kim King Klein Kovacs Kumar "
    "Lang Larsen Lee Lewis Lopez Marino Martin Mendes Meyer Miller Moore Mori Morgan Murphy Nakamura Nelson "
    "Nguyen Novak Okafor Olsen Ortiz Osman Park Parker Patel Pereira Petrov Price Quinn Ramos Reed Rossi "
    "Russo Sato Schmidt Scott Shah Silva Singh Smith Sousa Stone Suzuki Tanaka Taylor Turner Vargas Vogel "
    "Walker Wang Ward Watson Weber White Wilson Wolf Wong Wood Wright Young Zhang"
)

# country / capital / continent / language
COUNTRIES = _rows(
    "France/Paris/Europe/French, Spain/Madrid/Europe/Spanish, Italy/Rome/Europe/Italian, "
    "Germany/Berlin/Europe/German, Portugal/Lisbon/Europe/Portuguese, Austria/Vienna/Europe/German, "
    "Norway/Oslo/Europe/Norwegian, Sweden/Stockholm/Europe/Swedish, Denmark/Copenhagen/Europe/Danish, "
    "Finland/Helsinki/Europe/Finnish, Poland/Warsaw/Europe/Polish, Greece/Athens/Europe/Greek, "
    "Hungary/Budapest/Europe/Hungarian, Ireland/Dublin/Europe/English, Iceland/Reykjavik/Europe/Icelandic, "
    "Belgium/Brussels/Europe/Dutch, Netherlands/Amsterdam/Europe/Dutch, Croatia/Zagreb/Europe/Croatian, "
    "Romania/Bucharest/Europe/Romanian, England/London/Europe/English, Scotland/Edinburgh/Europe/English, "
    "Turkey/Ankara/Asia/Turkish, Japan/Tokyo/Asia/Japanese, China/Beijing/Asia/Chinese, India/New "
    "Delhi/Asia/Hindi, South Korea/Seoul/Asia/Korean, Thailand/Bangkok/Asia/Thai, "
    "Vietnam/Hanoi/Asia/Vietnamese, Nepal/Kathmandu/Asia/Nepali, Indonesia/Jakarta/Asia/Indonesian, "
    "Jordan/Amman/Asia/Arabic, Egypt/Cairo/Africa/Arabic, Kenya/Nairobi/Africa/Swahili, "
    "Ghana/Accra/Africa/English, Morocco/Rabat/Africa/Arabic, Senegal/Dakar/Africa/French, Ethiopia/Addis "
    "Ababa/Africa/Amharic, Tunisia/Tunis/Africa/Arabic, Canada/Ottawa/North America/English, Mexico/Mexico "
    "City/North America/Spanish, Cuba/Havana/North America/Spanish, Brazil/Brasilia/South "
    "America/Portuguese, Argentina/Buenos Aires/South America/Spanish, Chile/Santiago/South America/Spanish, "
    "Peru/Lima/South America/Spanish, Colombia/Bogota/South America/Spanish, "
    "Australia/Canberra/Oceania/English, New Zealand/Wellington/Oceania/English"
)
CITIES = tuple((row[1], row[0]) for row in COUNTRIES) + tuple(
    (row[0], row[1])
    for row in _rows(
        "Lyon/France, Nice/France, Seville/Spain, Barcelona/Spain, Milan/Italy, Turin/Italy, "
        "Hamburg/Germany, Munich/Germany, Porto/Portugal, Bergen/Norway, Krakow/Poland, Leeds/England, "
        "Bristol/England, Glasgow/Scotland, Izmir/Turkey, Kyoto/Japan, Osaka/Japan, Shanghai/China, "
        "Mumbai/India, Busan/South Korea, Toronto/Canada, Montreal/Canada, Sydney/Australia, "
        "Perth/Australia, Utrecht/Netherlands"
    )
)

JOBS = _phrases(
    "teacher, nurse, doctor, engineer, baker, farmer, pilot, chef, lawyer, writer, painter, singer, dancer, "
    "driver, gardener, plumber, carpenter, electrician, mechanic, librarian, designer, developer, scientist, "
    "student, manager, waiter, tailor, judge, dentist, architect, accountant, photographer, journalist, "
    "musician, firefighter, police officer, sailor, translator, pharmacist, biologist, data analyst, project "
    "manager, shop assistant, tour guide, vet, actor, editor, fisherman, florist, potter"
)
HOBBIES = _phrases(
    "reading, swimming, cooking, hiking, chess, painting, cycling, running, singing, dancing, gardening, "
    "fishing, photography, skiing, sailing, knitting, travel, music, football, tennis, basketball, climbing, "
    "yoga, baking, drawing, writing, video games, bird watching"
)
COLOURS = _words("red blue green yellow black white brown orange purple pink grey silver gold")
ANIMALS = _words(
    "dog cat horse cow sheep goat pig rabbit fox wolf bear lion tiger elephant monkey mouse owl eagle duck "
    "goose hen parrot swan frog snake turtle whale dolphin shark salmon spider bee ant butterfly deer camel "
    "penguin otter hedgehog squirrel"
)
FOODS = _phrases(
    "bread, cheese, rice, pasta, soup, salad, pizza, cake, pie, honey, butter, jam, apples, pears, grapes, "
    "bananas, oranges, lemons, carrots, potatoes, tomatoes, onions, beans, mushrooms, eggs, fish, chicken, "
    "chocolate, ice cream, tea, coffee, milk, juice, water"
)
INGREDIENTS = _words(
    "flour sugar salt pepper butter milk eggs rice garlic onion tomato basil oil lemon cheese cream honey "
    "beans ginger water"
)
DISHES = _phrases(
    "tomato soup, apple pie, vegetable curry, fried rice, lemon cake, mushroom risotto, bean stew, chocolate "
    "cookies, fish tacos, potato salad, banana bread, chicken pasta, onion tart, carrot cake, cheese "
    "omelette"
)
# product / category / typical price
PRODUCTS = _rows(
    "desk lamp/home/29, office chair/furniture/149, wooden table/furniture/220, coffee mug/kitchen/12, "
    "frying pan/kitchen/35, teapot/kitchen/28, cotton shirt/clothing/25, wool sweater/clothing/60, rain "
    "jacket/clothing/85, running shoes/sports/95, yoga mat/sports/30, tennis racket/sports/110, "
    "football/sports/22, backpack/travel/70, suitcase/travel/130, laptop/electronics/999, "
    "phone/electronics/650, headphones/electronics/120, keyboard/electronics/55, mouse/electronics/25, "
    "monitor/electronics/240, camera/electronics/480, speaker/electronics/75, notebook/office/6, "
    "pen/office/3, stapler/office/9, novel/books/14, cookbook/books/24, atlas/books/32, puzzle/toys/18, toy "
    "train/toys/40, board game/toys/35, garden hose/garden/27, flower pot/garden/11, shovel/garden/19, "
    "hammer/tools/17, drill/tools/89, screwdriver/tools/8, bicycle/sports/420, tent/travel/180, water "
    "bottle/sports/15, umbrella/clothing/20, watch/jewellery/150, ring/jewellery/210, guitar/music/260, "
    "violin/music/540"
)
NOUNS = _words(
    "airport arrow autumn badge bakery balloon banana bed bicycle blanket bread broom bus cabin cafe cage "
    "calendar castle cave chain cheese church circus coffee computer corner cottage crown curtain desert "
    "diary dish doll dragon ear egg elephant envelope eye feather flute fork fountain frame friend grass "
    "guest hall harbour heart helmet horse hospital hotel ice jar kettle lantern lemon library lighthouse "
    "lion magnet mask medal mill monster motorbike mug nest night office orange palace parcel pencil pepper "
    "pirate poem potato prince puzzle raincoat robot rocket ruler salt scarf shadow shelf shoulder silence "
    "sofa square stage statue stick suitcase summer teacher telescope theatre thread ticket tiger torch "
    "tractor treasure trumpet tunnel umbrella uncle vase violin wagon wallet whistle wing witch wizard worm "
    "yard apple bag ball basket bell bench bird boat book bottle bowl box bridge brush bucket button cake "
    "camera candle car card chair child clock cloud coat coin cup desk door dream drum engine fence field "
    "fire fish flag flower forest garden gate gift girl glass glove guitar hammer hat hill house island "
    "jacket key kite knife ladder lake lamp leaf letter map market mirror moon mountain movie museum "
    "newspaper note ocean oven painting paper park path pen phone photo piano picture pillow plane plant "
    "plate pocket pond queen radio rain ring river road rock roof room rope rose sail sand school sea seed "
    "shell ship shirt shoe shop snow song spoon star station stone storm story street sun table tent tower "
    "town toy train tree truck valley village wall watch water wheel wind window winter wood"
)
MASS = frozenset(
    _words(
        "fire paper rain sand snow water wind wood winter sun sea bread cheese coffee grass ice salt pepper "
        "silence autumn summer night"
    )
)
ADJECTIVES = _words(
    "angry ancient bitter boring brown cheap colourful comfortable cosy crowded dangerous delicious dry "
    "elegant enormous expensive fair fast foreign fragile funny grey healthy huge hungry important local "
    "magic metal mysterious noisy orange pale patient pink plain pretty purple quick rare ripe royal rural "
    "safe shy smooth special square steep strict sunny surprised thick useful weak wonderful worried old "
    "young small large big little bright dark cold warm hot quiet loud heavy light long short tall deep soft "
    "hard clean dirty new strange simple fresh empty full broken beautiful famous friendly gentle golden "
    "green happy lonely lovely narrow open perfect poor proud rich round rusty sad secret sharp shiny silent "
    "silver slow strong sweet thin tiny tired wet white wide wild wise wooden yellow red blue black brave "
    "busy calm careful clever curious honest kind lazy lucky modern nervous polite"
)
ADVERBS = _words(
    "slowly quickly quietly carefully happily sadly gently suddenly often again together alone "
    "early late well loudly softly proudly easily finally bravely calmly kindly"
)
# base / third person / past / -ing, taking an object
VERBS = _rows(
    "keep/keeps/kept/keeping, make/makes/made/making, lift/lifts/lifted/lifting, push/pushes/pushed/pushing, "
    "pull/pulls/pulled/pulling, fill/fills/filled/filling, drop/drops/dropped/dropping, "
    "borrow/borrows/borrowed/borrowing, collect/collects/collected/collecting, "
    "enjoy/enjoys/enjoyed/enjoying, explore/explores/explored/exploring, fix/fixes/fixed/fixing, "
    "hear/hears/heard/hearing, leave/leaves/left/leaving, meet/meets/met/meeting, "
    "offer/offers/offered/offering, order/orders/ordered/ordering, pack/packs/packed/packing, "
    "prepare/prepares/prepared/preparing, reach/reaches/reached/reaching, return/returns/returned/returning, "
    "save/saves/saved/saving, send/sends/sent/sending, share/shares/shared/sharing, "
    "steal/steals/stole/stealing, find/finds/found/finding, carry/carries/carried/carrying, "
    "open/opens/opened/opening, close/closes/closed/closing, paint/paints/painted/painting, "
    "clean/cleans/cleaned/cleaning, buy/buys/bought/buying, sell/sells/sold/selling, see/sees/saw/seeing, "
    "watch/watches/watched/watching, draw/draws/drew/drawing, lose/loses/lost/losing, "
    "repair/repairs/repaired/repairing, build/builds/built/building, love/loves/loved/loving, "
    "like/likes/liked/liking, remember/remembers/remembered/remembering, forget/forgets/forgot/forgetting, "
    "hold/holds/held/holding, move/moves/moved/moving, bring/brings/brought/bringing, "
    "take/takes/took/taking, give away/gives away/gave away/giving away, hide/hides/hid/hiding, "
    "touch/touches/touched/touching, study/studies/studied/studying, visit/visits/visited/visiting, "
    "follow/follows/followed/following, photograph/photographs/photographed/photographing, "
    "describe/describes/described/describing, use/uses/used/using, need/needs/needed/needing, "
    "choose/chooses/chose/choosing, show/shows/showed/showing, wash/washes/washed/washing, "
    "throw/throws/threw/throwing, catch/catches/caught/catching, cover/covers/covered/covering, "
    "admire/admires/admired/admiring, break/breaks/broke/breaking"
)
# the same without an object
MOTIONS = _rows(
    "arrive/arrives/arrived/arriving, climb/climbs/climbed/climbing, fall/falls/fell/falling, "
    "fly/flies/flew/flying, hurry/hurries/hurried/hurrying, jump/jumps/jumped/jumping, "
    "listen/listens/listened/listening, shout/shouts/shouted/shouting, stay/stays/stayed/staying, "
    "study/studies/studied/studying, talk/talks/talked/talking, think/thinks/thought/thinking, "
    "whisper/whispers/whispered/whispering, walk/walks/walked/walking, run/runs/ran/running, "
    "sleep/sleeps/slept/sleeping, sing/sings/sang/singing, wait/waits/waited/waiting, "
    "laugh/laughs/laughed/laughing, cry/cries/cried/crying, work/works/worked/working, "
    "rest/rests/rested/resting, dance/dances/danced/dancing, swim/swims/swam/swimming, sit/sits/sat/sitting, "
    "stand/stands/stood/standing, read/reads/read/reading, write/writes/wrote/writing, "
    "cook/cooks/cooked/cooking, play/plays/played/playing, travel/travels/travelled/travelling, "
    "smile/smiles/smiled/smiling, dream/dreams/dreamed/dreaming"
)
SPOTS = _phrases(
    "in the garden, at the station, near the river, behind the house, on the bridge, under the tree, at the "
    "market, in the kitchen, by the lake, in the park, on the beach, at school, in the library, across the "
    "street, at the museum, on the roof, in the forest, beside the road, in the village, at home, in the old "
    "town, on the hill, near the harbour, in a small cafe"
)
TIMES = _phrases(
    "in the morning, in the evening, at night, at noon, after lunch, before dinner, on Monday, on Tuesday, "
    "on Friday, on Sunday, last week, yesterday, last summer, in spring, in winter, in autumn, every day, "
    "one day, after the storm, at sunrise"
)
WEATHER = _phrases(
    "sunny, cloudy, rainy, snowy, windy, foggy, stormy, clear, hot, mild, partly cloudy, light rain, heavy "
    "rain"
)
MONTHS = _words("January February March April May June July August September October November December")
DAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
SEASONS = _words("spring summer autumn winter")
STREETS = _phrases(
    "Main Street, Oak Avenue, Park Road, Station Road, High Street, Church Lane, Mill Road, River Street, "
    "Garden Lane, King Street, Lake View, Hill Road, Market Square, Maple Street, Cedar Avenue, School Lane, "
    "Bridge Street, Sunset Boulevard, Rose Lane, Harbour Road"
)
COMPANY_HEADS = _words(
    "Blue North Bright Green Silver River Stone Cloud Sun Star Pine Urban Swift Red Ocean Delta Nova Alpha "
    "Maple Atlas"
)
COMPANY_TAILS = _words(
    "Works Labs Foods Systems Motors Books Studio Energy Media Health Travel Design Logistics Tools Bank "
    "Farms Data Networks"
)
INDUSTRIES = _phrases(
    "software, retail, health, energy, transport, education, media, finance, food, travel, farming, "
    "construction"
)
GENRES = _phrases(
    "drama, comedy, fantasy, mystery, romance, history, adventure, science fiction, poetry, thriller, "
    "biography"
)
MUSIC = _phrases("jazz, rock, pop, classical, folk, blues, hip hop, electronic, soul")
SUBJECTS = _phrases(
    "mathematics, history, biology, physics, chemistry, art, music, geography, literature, computer science, "
    "economics, philosophy"
)
EVENTS = _phrases(
    "concert, wedding, conference, workshop, birthday party, meeting, book fair, football match, art "
    "exhibition, film night, marathon, charity dinner, school play, lecture, picnic, team lunch, product "
    "launch, market day"
)
TAGS = _words(
    "new sale popular classic limited small large eco gift summer winter home travel urgent draft public "
    "private important beta fun"
)
DOMAINS = _words("example.com example.org mail.com post.net work.io home.org school.edu shop.com")
MOODS = _words("happy sad tired excited calm nervous proud bored angry curious")
MATERIALS = _words("wood metal glass cotton wool leather plastic paper stone steel ceramic silk")
OPPOSITES = _rows(
    "hot/cold, big/small, old/new, happy/sad, fast/slow, light/dark, open/closed, full/empty, rich/poor, "
    "hard/soft, wet/dry, early/late, high/low, long/short, loud/quiet, clean/dirty, strong/weak, up/down, "
    "left/right, day/night, good/bad, first/last, young/old, thick/thin, near/far, easy/difficult, "
    "wide/narrow, true/false, inside/outside, love/hate"
)
# thing / a true word about it, then questions with yes and no
FACTS_TRUE = _phrases(
    "the sun is hot, ice is cold, fish live in water, birds have wings, a week has seven days, a year has "
    "twelve months, grass is green, the sky is blue, snow is white, a triangle has three sides, a square has "
    "four sides, honey is sweet, lemons are sour, an hour has sixty minutes, cows give milk, bees make "
    "honey, the moon goes around the earth, a spider has eight legs, water is wet, a dog is an animal, a "
    "rose is a flower, paper is made from wood, a minute has sixty seconds, elephants are large"
)
FACTS_FALSE = _phrases(
    "the sun is cold, fish live in trees, a week has nine days, grass is purple, snow is black, a triangle "
    "has five sides, cats can fly, stones are soft, an hour has ten minutes, the moon is a fruit, cows lay "
    "eggs, fire is cold, a year has two months, elephants are tiny, a dog is a plant, milk is blue, mice are "
    "larger than horses, bread is made from sand"
)
PRAISE = _phrases(
    "I love it, it works very well, great quality, fast delivery, it looks beautiful, I would buy it again, "
    "excellent value, my family uses it every day, very easy to use, better than I expected, it makes me "
    "happy"
)
BLAME = _phrases(
    "it broke after one week, very poor quality, it arrived late, I want my money back, it does not work, "
    "much too expensive, the colour is wrong, I would not buy it again, it is too small, a big "
    "disappointment, the box was empty"
)
NEUTRAL = _phrases(
    "it is fine, it does the job, nothing special, average quality, it is what I expected, not good and not "
    "bad, it is okay for the price"
)
NUMBER_WORDS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
