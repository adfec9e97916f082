using Skein.Cli.Commands;
using Skein.Cli.Composition;

return await CommandLine.RunAsync(args, Surroundings.OfProcess(args), CancellationToken.None);
