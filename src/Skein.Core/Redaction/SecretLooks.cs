namespace Skein.Core.Redaction;

/// <summary>Tells what a program made up from what people write in its place.</summary>
internal static class SecretLooks
{
    private const int FewCharacters = 8;
    private const int FewInShort = 5;

    // What documents write where a password belongs.
    private static readonly string[] s_placeholders = ["password", "passwd", "pass", "pwd", "secret", "token", "xxx", "..."];

    public static bool Fits(ReadOnlySpan<char> text, SecretLook look) => look switch
    {
        SecretLook.Varied => Different(text) >= FewCharacters,
        SecretLook.Made => IsMixed(text) && Different(text) >= FewCharacters,
        SecretLook.MadeShort => IsMixed(text) && Different(text) >= FewInShort,
        SecretLook.Password => !IsVariable(text) && Different(text) > 1 && !IsPlaceholder(text),
        _ => true,
    };

    private static bool IsMixed(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAnyInRange('0', '9') >= 0)
            return true;
        return text.IndexOfAnyInRange('a', 'z') >= 0 && text.IndexOfAnyInRange('A', 'Z') >= 0;
    }

    private static int Different(ReadOnlySpan<char> text)
    {
        UInt128 seen = 0;
        foreach (var c in text)
            seen |= UInt128.One << (c & 127);
        return (int)UInt128.PopCount(seen);
    }

    // $TOKEN, ${TOKEN}, {token}, <token>, %s, [token]: somebody puts the secret there later.
    private static bool IsVariable(ReadOnlySpan<char> text) =>
        text[0] is '$' or '{' or '<' or '[' or '*' || (text[0] == '%' && text.Length == 2);

    private static bool IsPlaceholder(ReadOnlySpan<char> text)
    {
        foreach (var word in s_placeholders)
        {
            if (text.Equals(word, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
