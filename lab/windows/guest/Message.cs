// What bot and C&C say to each other, as src/zeus/message.ts has it: lines of text, padded with zeros, under RC4.
// C# 2.0 and .NET 2.0: what PowerShell 2 on Windows 7 compiles by Add-Type.
using System;
using System.Collections.Generic;
using System.Text;

namespace Isoreplay
{
    /// <summary>RC4 (RFC 6229). Broken, and it protects nothing: the traffic has to look the part.</summary>
    public static class Rc4
    {
        public static byte[] Apply(byte[] key, byte[] input)
        {
            byte[] state = new byte[256];
            for (int i = 0; i < 256; i++) state[i] = (byte)i;
            for (int i = 0, j = 0; i < 256; i++)
            {
                j = (j + state[i] + key[i % key.Length]) & 255;
                byte swapped = state[i];
                state[i] = state[j];
                state[j] = swapped;
            }
            byte[] output = new byte[input.Length];
            for (int n = 0, i = 0, j = 0; n < input.Length; n++)
            {
                i = (i + 1) & 255;
                byte si = state[i];
                j = (j + si) & 255;
                byte sj = state[j];
                state[i] = sj;
                state[j] = si;
                output[n] = (byte)(input[n] ^ state[(si + sj) & 255]);
            }
            return output;
        }
    }

    /// <summary>A message's fields by name.</summary>
    public static class Message
    {
        const string Mark = "isoreplay1";

        /// <summary>The lines as one encrypted message, as long as its text.</summary>
        public static byte[] Seal(string key, params string[] lines)
        {
            string text = Mark + "\n" + string.Join("\n", lines) + "\n\n";
            return Rc4.Apply(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text));
        }

        /// <summary>The fields of a message, or null where the bytes are none.</summary>
        public static Dictionary<string, string> Open(string key, byte[] bytes)
        {
            byte[] plain = Rc4.Apply(Encoding.UTF8.GetBytes(key), bytes);
            byte[] mark = Encoding.UTF8.GetBytes(Mark + "\n");
            if (plain.Length < mark.Length) return null;
            for (int i = 0; i < mark.Length; i++) if (plain[i] != mark[i]) return null;
            int end = Array.IndexOf(plain, (byte)0);
            string text;
            try
            {
                text = new UTF8Encoding(false, true).GetString(plain, 0, end < 0 ? plain.Length : end);
            }
            catch (ArgumentException)
            {
                // Not UTF-8: a damaged message.
                return null;
            }
            Dictionary<string, string> fields = new Dictionary<string, string>();
            foreach (string line in text.Split('\n'))
            {
                int colon = line.IndexOf(": ", StringComparison.Ordinal);
                if (colon > 0) fields[line.Substring(0, colon)] = line.Substring(colon + 2);
            }
            return fields;
        }
    }
}
