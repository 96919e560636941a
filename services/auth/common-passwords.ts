// What people choose when nobody stops them: the heads of the well-known lists of leaked passwords, as word and ending, since most of
// those lists are that. Together some 36 thousand passwords of 8 characters and more, above the 3,000 of ASVS 5.0 §6.2.4.

/** With nothing, with themselves, or with an ending behind them. */
const words = `
password passwort passw0rd pass passwd letmein welcome admin administrator root user guest login access secret master
changeme default test tester testing qwerty qwertz azerty qwer asdf asdfgh asdfghjkl zxcv zxcvbn zxcvbnm qazwsx qazxsw abc
abcd abcde abcdef abcdefg abcdefgh abcdefghi abcdefghij iloveyou iloveu loveyou lovely love lover loveme loveyou2 forever
together sweetheart sweety sweetie honey baby babygirl babyboy babe darling princess prince queen king angel angels dragon
monkey tiger lion panda shadow wolf eagle falcon hawk phoenix dolphin butterfly kitten kitty puppy doggie snoopy bulldog
rabbit horse pony cowboy spider scorpion viper cobra shark turtle sunshine sunflower flower flowers rainbow summer winter
spring autumn january february march april june july august september october november december monday tuesday wednesday
thursday friday saturday sunday football soccer baseball basketball hockey tennis golf rugby cricket volleyball swimming
running skater surfer snowboard chelsea arsenal liverpool everton barcelona realmadrid juventus milan ajax bayern manchester
united rangers celtic lakers yankees cowboys steelers eagles packers redsox dodgers giants patriots broncos raiders bulls
superman batman spiderman ironman wolverine hulk avengers starwars skywalker vader yoda startrek matrix gandalf hobbit frodo
harrypotter hogwarts pokemon pikachu naruto sasuke dragonball goku mario zelda sonic minecraft fortnite roblox warcraft
starcraft diablo counterstrike halo pacman tetris michael michelle jennifer jessica ashley amanda nicole daniel andrew
joshua matthew christopher christian anthony robert william james david thomas charlie george jordan jackson justin brandon
tyler hunter ranger killer jasmine samantha elizabeth victoria stephanie melissa danielle rebecca patricia maria anna sophie
emily hannah olivia emma alexander alexandra alexis benjamin nicholas jonathan patrick richard steven stephen kevin brian
eric jason ryan adam peter paul mark john johnny jack harry oliver oscar max maggie buster bailey lucky lucy molly daisy
rocky pepper ginger coco bella princesa sebastian gabriel rafael carlos fernando alejandro santiago roberto eduardo ricardo
antonio francisco manuel miguel andres javier mohammed muhammad ahmed fatima ibrahim abdullah computer internet server
network system windows microsoft google facebook twitter instagram youtube linkedin samsung iphone apple android nokia sony
playstation xbox nintendo toyota honda nissan mercedes ferrari porsche lamborghini mustang corvette camaro harley yamaha
suzuki kawasaki ducati chocolate cookie cookies cheese banana orange cherry strawberry peaches pumpkin coffee pizza chicken
pepsi cocacola whiskey budlight heineken guinness america american canada england london paris france germany berlin
australia sydney brasil brazil mexico texas california florida newyork chicago boston dallas denver detroit seattle malaysia
singapore indonesia jakarta philippines manila thailand bangkok vietnam china beijing shanghai hongkong taiwan japan tokyo
korea india mumbai delhi pakistan turkey istanbul russia moscow ukraine poland jesus jesuschrist christ god blessed heaven
faith hope peace freedom liberty trustno1 trustme whatever nothing something anything nobody somebody everyone hello
helloworld goodbye please thankyou sorry friend friends friendship family mother father brother sister mommy daddy mamma
blue red green yellow purple black white silver golden diamond crystal midnight moonlight starlight starfish sunset ocean
beach mountain thunder lightning storm hurricane tornado fire ice snow snowball snowman money cash dollar million
millionaire business success winner champion champions legend power strong hacker hacked ninja samurai warrior soldier army
navy marine military police sniper pirate knight wizard magic merlin vampire zombie ghost devil demon satan hell evil metal
metallica slipknot nirvana rammstein eminem rockstar guitar music dancer dancing beautiful pretty gorgeous perfect happy
crazy funny stupid asshole fuckyou fuckoff fuckme bitch 1q2w3e 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 zaq12wsx q1w2e3
q1w2e3r4 q1w2e3r4t5 qwe asd asdasd qweqwe qweasd qweasdzxc zxczxc aaa a1b2c3 abc123 123abc 123qwe qwe123 147258369
mypassword mypass myspace newpassword yourpassword nopassword password1 temp temporary temppass letmeinnow opensesame enter
enternow access14 supervisor manager office company sales support service services marketing finance hr demo sample example
student teacher school college university library hallo schatz schalke borussia frankfurt hamburg motdepasse bonjour soleil
doudou loulou marseille chouchou contrasena contraseña teamo tequiero estrella mariposa corazon amor senha senha123 flamengo
corinthians palmeiras vasco brasil123 ciao amore juve napoli wachtwoord welkom geheim parola haslo polska kocham heslo
salasana losenord parool kata sandi katasandi rahasia sayang bismillah anjing cinta indonesia1 password123 matkhau anhyeuem
woaini woaini1314 5201314 sifre
`;

const endings = `
1 2 3 7 11 12 13 21 22 23 69 77 88 99 00 01 007 100 111 123 321 333 666 777 888 999 1234 4321 12345 123456 1234567 12345678
123456789 ! !! 1! 12! 123! 1234! @ @1 @12 @123 @1234 # #1 123# $ * . ? 2000 2010 2015 2018 2019 2020 2021 2022 2023 2024
2025 2026 1990 1995 2021! 2022! 2023! 2024! 2025! 2026!
`;

/** As they are. */
const others = `
12345678 123456789 1234567890 0123456789 01234567 987654321 9876543210 87654321 0987654321 11111111 111111111 1111111111
00000000 000000000 0000000000 22222222 33333333 44444444 55555555 66666666 77777777 88888888 888888888 99999999 999999999
12341234 12344321 123123123 123321123 112233445566 11223344 1122334455 123454321 1234554321 12121212 13131313 10101010
10203040 1020304050 102030405060 20202020 25802580 14725836 147258369 159753456 159357456 963852741 741852963 789456123
789654123 321654987 456789123 147852369 369258147 31415926 3141592653 27182818 123456789a 123456789q 12345678a 12345678q
a12345678 a123456789 q123456789 aa123456 aa12345678 abc12345 abc123456 abc1234567 abcd1234 abcd12345 abcde123 abcdef123
a1b2c3d4 a1b2c3d4e5 1a2b3c4d 1a2b3c4d5e 123456abc 1234abcd 12345abc 123abc123 aaaaaaaa aaaaaaaaaa zzzzzzzz xxxxxxxx qqqqqqqq
qwertyui qwertyuio qwertyuiop qwertyuiop123 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwertzui qwertzuiop
azertyui azertyuiop asdfasdf asdfghjk asdfghjkl asdfghjkl1 asdf1234 asdfjkl; asdqwe123 zxcvbnm1 zxcvbnm123 zxcvbnm, zxcvasdf
zxcv1234 qazwsx12 qazwsx123 qazwsxed qazwsxedc qazwsxedc123 qaz123wsx 1qaz2wsx 1qaz2wsx3edc 1qaz1qaz 1qaz@wsx !qaz2wsx
!qaz@wsx 1qazxsw2 zaq1zaq1 zaq12wsx zaq1xsw2 2wsx3edc 3edc4rfv q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r 1q2w3e4r5t
1q2w3e4r5t6y qweasdzxc qweasdzxc123 qweasd123 qweqweqwe qwe123qwe 123qweasd 123qweasdzxc 123qwe123 qwer1234 qwer12345
1234qwer 12345qwert 123456qwerty qwert12345 q2w3e4r5 w2e3r4t5 poiuytrewq mnbvcxz1 lkjhgfdsa iloveyou iloveyou1 iloveyou2
iloveyou3 iloveyou! iloveyou123 iloveyou12 iloveyou4ever iloveyousomuch iloveyoubaby iloveyouforever ilovejesus ilovegod
ilovemom ilovemymom ilovehim ilovemyself iloveme1 ihateyou ilikeyou letmein1 letmein12 letmein123 letmeinplease trustno1
trustnoone whatever1 whatthefuck nothing1 changeme1 changeme123 changeit changethis changepassword pleasechangeme passpass
pass1234 pass12345 pass@word pass@word1 passwordpassword passwordone p@ssword p@ssw0rd p@ssw0rd1 p@55w0rd pa55word pa55w0rd
pa$$word pa$$w0rd passw0rd1 passw0rd! passw0rd123 thisismypassword mypassword1 secret123 secretpassword topsecret
supersecret adminadmin admin123456 administrator1 rootroot toor1234 useruser testtest test1234 test12345 testtest1
test123456 testing123 guestguest demodemo demo1234 correcthorsebatterystaple superman1 batman123 spiderman1 starwars1
starwars123 pokemon1 pokemon123 dragon123 dragonball dragonballz monkey123 sunshine1 princess1 princess123 football1
football123 baseball1 basketball1 soccer123 chelsea1 liverpool1 arsenal123 manchesterunited realmadrid1 barcelona1 blink182
greenday1 linkinpark slipknot1 metallica1 nirvana1 mustang1 corvette1 jordan23 michael1 jessica1 jennifer1 ashley123
charlie1 charlie123 thomas123 nicole123 daniel123 hannah123 jesus123 jesuschrist1 godisgood godisgreat godislove jesusislord
blessed1 computer1 internet1 samsung1 samsung123 playstation playstation2 playstation3 newyork1 california1 australia1
bonjour1 azerty123 motdepasse1 marseille13 hallo123 passwort1 schalke04 senha1234 mudar123 brasil2014 flamengo1 contrasena1
teamomucho tequieromucho woaini520 woaini1314 5201314520 bismillah1 rahasia123 sayangku anhyeuem1
`;

const split = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

const spread = (word: string): string[] => [word, word + word, ...split(endings).map((ending) => word + ending)];

let all: ReadonlySet<string> | undefined;

/** Every one in lower case. Made when it is first asked for. */
export const commonPasswords = (): ReadonlySet<string> => {
	all ??= new Set([...split(words).flatMap(spread), ...split(others)]);
	return all;
};
