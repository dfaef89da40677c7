"""The words, numbers and phrases of the micro model's language, each for training or held out from it."""

from __future__ import annotations

import random
import zlib

HELD_OUT_ONE_IN = 8
_COMMON = """
able about above acid across actor adult after again age agent air alarm album alert alley allow almond alone also
amber anchor angle animal ankle answer apple apron arch area arm army arrow art ash aunt autumn award away axe baby
back bacon bag baker ball balloon bamboo banana band bank barn barrel basin basket bath battle bay beach bead beam
bean bear beard bed bee beef beetle bell belt bench berry bike bird birth bishop black blade blanket bloom blue board
boat body bold bolt bone book boot border boss bottle bowl box boy brain branch brass bread break breeze brick bridge
bright broom brother brown brush bubble bucket budget bug build bulb bus bush butter button cabin cable cactus cage
cake calm camel camera camp canal candle candy canoe canvas cap captain car card cargo carpet carrot castle cat cave
cedar ceiling cell cellar chain chair chalk charm chart cheap cheese cherry chest chicken child chin church cinema
circle city class clay clean clear clerk clever cliff clock cloth cloud clown club coach coal coast coat cobra coffee
coin cold collar colour comb comet cook cool copper coral cord corn corner cotton couch cough count cousin cow crab
crane crate cream creek crew crown cruise crumb cup curtain curve cycle dance dark dawn deal deck deep deer delta
desert desk dew diamond dinner dish doctor dog doll dolphin donkey door double dove dozen dragon drawer dream dress
drink drum dry duck dust duty eagle ear early earth easel east easy echo edge egg elbow elder elm empty engine enough
evening every exam eye fabric face factory fair faith falcon family fan farm farmer fast father feast feather fence
fern ferry fever field fig film final fine finger fire fish flag flame flat flint flood floor flour flower flute fly
foam fog folder foot forest fork fort forty found fountain fox frame free fresh friend frog frost fruit full funny
fur garage garden garlic gate gentle ghost giant gift ginger girl glad glass globe glove glue goal goat gold golden
good goose grain grape grass gravel great green grey ground grove guard guest guide guitar hair half hall hammer hand
happy harbor harvest hat hawk hazel head heart heavy hedge heel helmet hen herb hero hill hint hobby holiday hollow
home honest honey hood hook horn horse hotel hour house humble hunter hut ice idea inch ink inn iron island ivory ivy
jacket jam jar jazz jelly jet jewel job joke journey judge juice jump jungle junior kettle key kid kind king kitchen
kite kitten knee knife knight knot lace ladder lady lake lamb lamp land lane large laser late laundry lawn lazy leaf
leather left lemon lens letter level library light lily lime line lion liquid list little lizard lobster local lock
long loop loud love low lucky lunch machine magic magnet maid mail main mango map maple marble march market mask
master match meadow meal meat medal melon member menu metal middle milk mill mint mirror mist model money monkey
month moon morning moss mother motor mountain mouse mouth movie mud mule museum music nail narrow nation neck needle
neighbour nest net news nice night noble noise noon north nose note novel nurse nut oak oasis oat ocean office oil
old olive onion opal open orange orbit order organ otter oval oven owl owner oyster page paint pair palace palm panda
panel paper parade park parrot party path patrol pea peace peach peanut pear pearl pen pencil people pepper perfect
piano picnic picture pie pig pigeon pillow pilot pine pink pipe pirate pizza planet plant plate plum pocket poem
poet pond pony pool poor porch port potato powder prince print prize proud puddle puppet purple purse puzzle queen
quick quiet quilt rabbit race radio rail rain raven red reef report rest ribbon rice rich ring river road roast robin
robot rock roof room root rope rose round royal ruby rug ruler rye sad saddle safe sail salad salmon salt sand sauce
scarf school score scout sea seal season seat secret seed seven shadow shallow shark sharp sheep sheet shelf shell
shelter shine ship shirt shoe shop shore short shoulder shovel silk silver simple singer sister sky slow small smart
smile smoke smooth snail snake snow soap sock soda sofa soft soil soldier solid song sound soup south space spark
spice spider spoon spring square squirrel stable stage stair stamp star station steam steel stone storm story stove
straw street strong student sugar summer sun sunny supper sweet swift table tailor tall tea teacher team temple ten
tent thick thin thunder ticket tide tiger timber tiny toast tomato tooth torch towel tower town toy track trail train
travel tray treasure tree tribe truck trumpet tulip tunnel turkey turtle uncle under unit upper urban valley van
vanilla velvet village vine violet violin voice volcano voyage wagon walnut warm watch water wave wax weak west whale
wheat wheel whistle white wide wild willow window winter wise wolf wonder wood wool world yard yellow young zebra
"""
# what the language itself uses to say what is wanted
_RESERVED = """
add and answer are call can check count describe echo email error for from hello help how i is it json know look
minutes multiply my name ok ping price remember result results say schema search send server set sides subject
subtract tell thanks the then there time timer to tool user was weather what who with you your
"""
RESERVED = frozenset(_RESERVED.split())
WORDS = tuple(sorted(word for word in set(_COMMON.split()) if word not in RESERVED))
_ONSETS = (*"bcdfghjklmnpqrstvwxyz", "ch", "sh", "th", "st", "tr", "pr", "br", "gr", "cl", "pl", "sc", "sp", "ck")
_VOWELS = "aeiou"
_CODAS = "bcdfghklmnprstvxz"


def is_held_out(text: str) -> bool:
    """Whether a word or number belongs to the evaluation, and so never to training."""
    return zlib.crc32(text.lower().encode()) % HELD_OUT_ONE_IN == 0


class Lexicon:
    """A seeded source of words, numbers and phrases.

    Args:
        rng: What they are drawn with.
        held_out: Whether they are the held-out ones.
    """

    def __init__(self, rng: random.Random, held_out: bool = False) -> None:
        self.rng = rng
        self._held_out = held_out

    def word(self) -> str:
        """A word that is real, or made of syllables, or of letters."""
        while True:
            word = self._any_word()
            if is_held_out(word) == self._held_out and word not in RESERVED:
                return word

    def name(self) -> str:
        """A word with a capital."""
        return self.word().capitalize()

    def integer(self) -> int:
        """A number from 0 to 9999; those of one digit are never held out."""
        while True:
            number = self.rng.randrange(10 ** self.rng.choice((1, 2, 3, 4, 4)))
            if number < 10 or is_held_out(str(number)) == self._held_out:
                return number

    def phrase(self, most: int = 3) -> str:
        """One word, or several; now and then with a number among them."""
        count = self.rng.randint(1, most)
        words = [str(self.integer()) if self.rng.random() < 0.1 else self.word() for _ in range(count)]
        return " ".join(words)

    def title(self, most: int = 2) -> str:
        """As phrase, in capitals."""
        return " ".join(self.name() for _ in range(self.rng.randint(1, most)))

    def identifier(self) -> str:
        """A lower-case name as tools and arguments have it."""
        return "_".join(self.word() for _ in range(self.rng.choice((1, 1, 2))))

    def _any_word(self) -> str:
        chance = self.rng.random()
        if chance < 0.5:
            return self.rng.choice(WORDS)
        if chance < 0.88:
            return "".join(self._syllable() for _ in range(self.rng.choice((1, 2, 2, 3))))
        return "".join(self.rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(self.rng.randint(1, 6)))

    def _syllable(self) -> str:
        coda = self.rng.choice(_CODAS) if self.rng.random() < 0.35 else ""
        return f"{self.rng.choice(_ONSETS)}{self.rng.choice(_VOWELS)}{coda}"
