using System.Runtime.Versioning;
using System.Text;

namespace Skein.Tests.Agent.Tools;

/// <summary>A folder with whatever a search may meet in one, made of a seed.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class RandomTree(int seed)
{
    private static readonly string[] s_names =
    [
        "a", "b", "B", "foo", "Foo", "bar", "src", "lib", "x y", "größe", "日本", "🦢", "a.b", "read me", "#odd", "!odd", "sp ", "[x]", "st*r", "qu?", "-dash", "back\\slash", "ſß",
    ];

    private static readonly string[] s_endings = ["", ".cs", ".md", ".txt", ".log", ".CS", ".d.ts", ".o"];
    private static readonly string[] s_words = ["goose", "Goose", "GOOSE", "snow", "grey", "größe", "日本", "1234", "a.b", "(x)", "geese", "_id", "\t", "  ", "🦢"];

    private readonly Random _random = new(seed);

    public void Make(string root)
    {
        Directory.CreateDirectory(Path.Combine(root, ".git", "info"));
        File.WriteAllText(Path.Combine(root, ".git", "hidden.txt"), "goose\n");
        if (_random.Next(2) == 0)
            File.WriteAllText(Path.Combine(root, ".git", "info", "exclude"), Rules());
        Fill(root, 0);
    }

    /// <summary>An expression that .NET and ripgrep understand alike.</summary>
    public string Expression() => Pick(
        "goose", "g[oe]{2}se", "^goose", "goose$", "^$", "o+se", "(snow|grey) +g", @"\d{3,}", @"\bgo", @"a\.b", "größe", "日本", "goo?se.*snow", @"^\s", "[A-Z]{2,}", ".", @"\(x\)", "🦢", @"\w+_id|grey$", "ö",
        @"[^a-z ]+\s+goose", @"\s{2}", @"\S\s\S", "(?i)goose", @"(?i)g\w+ +snow", @"grey\s+goose\s", @"[0-9]\b");

    /// <summary>A glob from the folder on.</summary>
    public string Glob() => Pick(
        "**", "**/*.cs", "*.md", "src/**", "**/{a,b}*", "*/*", "**/[a-f]*", "**/[!a-f]*", "**/?", "**/*.{cs,md}", "lib/**/*.txt", "**/foo/**", "**/größe*", "**/*o*.*", "**/.*", "**/x y*", "**/Foo*");

    private void Fill(string folder, int depth)
    {
        if (_random.Next(3) == 0)
            File.WriteAllText(Path.Combine(folder, ".gitignore"), Rules());
        if (depth > 0 && _random.Next(12) == 0)
            Directory.CreateDirectory(Path.Combine(folder, ".git")); // A repository in another.

        for (var i = _random.Next(2, 7); i > 0; i--)
        {
            var path = Path.Combine(folder, (_random.Next(8) == 0 ? "." : "") + Pick(s_names) + Pick(s_endings));
            if (!Path.Exists(path) && new FileInfo(path).LinkTarget is null)
                Put(path);
        }

        for (var i = depth > 3 ? 0 : _random.Next(0, 4); i > 0; i--)
        {
            var path = Path.Combine(folder, (_random.Next(10) == 0 ? "." : "") + Pick(s_names));
            if (!Path.Exists(path) && new FileInfo(path).LinkTarget is null)
                Fill(Directory.CreateDirectory(path).FullName, depth + 1);
        }
    }

    private void Put(string path)
    {
        switch (_random.Next(12))
        {
            case 0:
                File.CreateSymbolicLink(path, Pick("..", "nowhere", "/etc", path));
                break;
            case 1:
                File.WriteAllText(path, "");
                break;
            case 2:
                File.WriteAllBytes(path, [0, .. Encoding.UTF8.GetBytes(Lines("\n"))]);
                break;
            case 3:
                File.WriteAllText(path, Lines("\r\n"));
                break;
            case 4:
                File.WriteAllText(path, Lines("\n"), new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
                break;
            case 5:
                File.WriteAllText(path, Lines("\n"), _random.Next(2) == 0 ? Encoding.Unicode : Encoding.BigEndianUnicode);
                break;
            case 6:
                File.WriteAllText(path, Lines("\n") + new string('x', _random.Next(300_000)) + "goose\n" + Lines("\n"));
                break;
            default:
                File.WriteAllText(path, Lines("\n"));
                break;
        }
    }

    private string Lines(string end)
    {
        var text = new StringBuilder();
        for (var i = _random.Next(1, 30); i > 0; i--)
        {
            for (var word = _random.Next(0, 6); word > 0; word--)
                text.Append(Pick(s_words)).Append(word > 1 ? " " : "");
            text.Append(i > 1 || _random.Next(3) > 0 ? end : ""); // Sometimes the last line has no end.
        }

        return text.ToString();
    }

    private string Rules()
    {
        var text = new StringBuilder();
        for (var i = _random.Next(1, 6); i > 0; i--)
        {
            var name = Pick(
                Pick(s_names), "*" + Pick(s_endings), Pick(s_names) + Pick(s_endings), "[ab]*", "[!a-f]*", "?", "*o*", "\\#odd", "\\!odd", "sp\\ ", "x\\ y", "\\[x]", "st\\*r", "qu\\?", "f**o", "*.l[ou]g");
            var rule = Pick("", "", "", "!", "!") + Pick("", "", "/", "**/", Pick(s_names) + "/", Pick(s_names) + "/**/", "*/") + name + Pick("", "", "", "/", "/*", "/**", "/" + Pick(s_names));
            text.Append(rule).Append(rule.EndsWith(' ') ? "" : Pick("", "", "", " ", "  ")).Append(Pick("\n", "\n", "\n", "\r\n", "\n\n", "\n# goose\n"));
        }

        return text.ToString();
    }

    private T Pick<T>(params T[] of) => of[_random.Next(of.Length)];
}
