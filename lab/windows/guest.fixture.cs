// Only for tests under Mono: what guest.ps1 does around the bot, and the protocol's functions by name.
using System;
using System.Collections.Generic;

namespace Isoreplay
{
    static class Fixture
    {
        static int Main(string[] args)
        {
            switch (args[0])
            {
                case "run":
                    try
                    {
                        Console.WriteLine(Bot.Run(args[1]));
                        return 0;
                    }
                    catch (RefusedException error)
                    {
                        Console.WriteLine(error.Message);
                        return 3;
                    }
                case "rc4":
                    Console.WriteLine(Convert.ToBase64String(
                        Rc4.Apply(Convert.FromBase64String(args[1]), Convert.FromBase64String(args[2]))));
                    return 0;
                case "open":
                    Dictionary<string, string> fields = Message.Open(args[1], Convert.FromBase64String(args[2]));
                    if (fields == null) return 3;
                    foreach (KeyValuePair<string, string> field in fields) Console.WriteLine(field.Key + "=" + field.Value);
                    return Bot.IsValid(fields, args[3]) ? 0 : 4;
                case "within":
                    return Marker.IsWithin(args[1], args[2].Split(' ')) ? 0 : 3;
                case "homepage":
                    Console.WriteLine(new StandIns(args[1]).Homepage);
                    return 0;
                default:
                    return 64;
            }
        }
    }
}
