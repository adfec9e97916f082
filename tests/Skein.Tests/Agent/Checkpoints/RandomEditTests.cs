using System.Globalization;
using Skein.Testing;

namespace Skein.Tests.Agent.Checkpoints;

/// <summary>Edits at random, snapshots, and restores of any of them, compared byte for byte. A seed that failed is run again by <c>SKEIN_TEST_FAULT_SEED</c>.</summary>
public sealed class RandomEditTests
{
    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("SKEIN_TEST_FAULT_SEED"), CultureInfo.InvariantCulture, out var given) ? given : 20261128;

    [Fact]
    public Task Any_snapshot_of_few_files_comes_back_byte_for_byte() => RunAsync(60, Rounds.Of(200));

    // Two hundred rounds take two minutes: too long for the inner loop.
    [Fact]
    public Task Any_snapshot_of_ten_thousand_files_comes_back_byte_for_byte() => RunAsync(10_000, Rounds.Step == 1 ? 200 : 3);

    private static async Task RunAsync(int files, int rounds)
    {
        using var workspace = new Workspace();
        var random = new Random(Seed);
        var edits = new RandomEdits(workspace.Path, random);
        edits.Fill(files);
        var taken = new List<(string Tree, IReadOnlyList<string> Print)> { (await workspace.TreeAsync(), workspace.Print()) };

        for (var round = 0; round < rounds; round++)
        {
            for (var i = random.Next(1, 12); i > 0; i--)
                edits.One();
            var now = await workspace.TreeAsync();
            taken.Add((now, workspace.Print()));
            var (tree, print) = taken[random.Next(taken.Count)];

            var kept = await workspace.Checkpoints.RestoreAsync(workspace.Session, workspace.Path, now, tree, TestContext.Current.CancellationToken);

            var there = workspace.Print();
            Assert.True(kept.Count == 0 && print.SequenceEqual(there), $"Seed {Seed}, round {round}: kept {string.Join("; ", kept)}; wrong {string.Join("; ", print.Except(there).Concat(there.Except(print)))}");
        }
    }

    private sealed class RandomEdits(string root, Random random)
    {
        private static readonly string[] s_names = ["a", "b", "ä", "鵞", "with space", "🪿", "x.txt", "-x", "c"];

        private int _filled;

        public void Fill(int files)
        {
            _filled = files;
            for (var i = 0; i < files; i++)
                Write(Filled(i));
        }

        public void One()
        {
            var path = Any();
            switch (random.Next(8))
            {
                case 0:
                    Remove(path);
                    break;
                case 1:
                    Remove(path);
                    MakeParent(path);
                    File.CreateSymbolicLink(path, random.Next(2) == 0 ? "nowhere" : Any());
                    break;
                case 2 when !OperatingSystem.IsWindows() && File.Exists(path) && new FileInfo(path).LinkTarget is null:
                    File.SetUnixFileMode(path, File.GetUnixFileMode(path) ^ UnixFileMode.UserExecute);
                    break;
                case 3 when File.Exists(path) && new FileInfo(path).LinkTarget is null:
                    // The same length at the same moment: only the content tells.
                    var bytes = File.ReadAllBytes(path);
                    random.NextBytes(bytes);
                    File.WriteAllBytes(path, bytes);
                    break;
                default:
                    Remove(path);
                    Write(path);
                    break;
            }
        }

        private string Any()
        {
            // Also one of those that were there first, which lie deeper.
            if (random.Next(3) == 0)
                return Filled(random.Next(_filled));

            var path = root;
            for (var depth = random.Next(1, 5); depth > 0; depth--)
                path = Path.Combine(path, random.Next(3) == 0 ? $"d{random.Next(97)}" : s_names[random.Next(s_names.Length)]);
            return path;
        }

        private string Filled(int i) => Path.Combine(root, $"d{i % 97}", $"e{i % 7}", $"f{i}");

        private void Write(string path)
        {
            MakeParent(path);
            var bytes = new byte[random.Next(4) == 0 ? 0 : random.Next(3000)];
            random.NextBytes(bytes);
            File.WriteAllBytes(path, bytes);
        }

        // A folder where a file or a link is, as well as the other way round.
        private void MakeParent(string path)
        {
            var parent = Path.GetDirectoryName(path)!;
            for (var above = parent; above != root; above = Path.GetDirectoryName(above)!)
            {
                if (new FileInfo(above) is { LinkTarget: not null } or { Exists: true })
                    File.Delete(above);
            }

            Directory.CreateDirectory(parent);
        }

        private static void Remove(string path)
        {
            if (new FileInfo(path).LinkTarget is null && Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            else if (Directory.Exists(Path.GetDirectoryName(path)))
                File.Delete(path);
        }
    }
}
