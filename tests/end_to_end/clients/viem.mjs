// What a program on viem does: deploy, call, send, watch events, sign typed data, fail with a reason, travel in time.
// Run with the node's address, the artifact's path and a funded key; prints one JSON object.
import { readFileSync } from "node:fs";
import { BaseError, ContractFunctionRevertedError, createPublicClient, createTestClient, createWalletClient } from "viem";
import { defineChain, http, parseAbiItem, verifyTypedData, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const [url, artifactPath, key] = process.argv.slice(2);
const artifact = JSON.parse(readFileSync(artifactPath, "utf8"));
const account = privateKeyToAccount(key);
const id = Number(await createPublicClient({ transport: http(url) }).getChainId());
const coin = { name: "Gas", symbol: "GAS", decimals: 18 };
const chain = defineChain({ id, name: "local", nativeCurrency: coin, rpcUrls: { default: { http: [url] } } });
const reader = createPublicClient({ chain, transport: http(url), pollingInterval: 50 });
const wallet = createWalletClient({ account, chain, transport: http(url) });
const tester = createTestClient({ mode: "anvil", chain, transport: http(url) });
const spender = "0x" + "5a".repeat(20);

const bytecode = "0x" + artifact.bytecode.replace(/^0x/, "");
const args = ["Digital yuan", "CNY", 2, account.address];
const hash = await wallet.deployContract({ abi: artifact.abi, bytecode, args });
const address = (await reader.waitForTransactionReceipt({ hash })).contractAddress;
const token = { address, abi: artifact.abi };

const pushed = createPublicClient({ chain, transport: webSocket(url.replace("http", "ws")) });
const watched = new Promise((resolve) => pushed.watchContractEvent({
  ...token, eventName: "Approval", onLogs: (logs) => resolve(logs.length),
}));
await new Promise((resolve) => setTimeout(resolve, 300)); // the subscription is on its way

const { request } = await reader.simulateContract({ ...token, functionName: "approve", args: [spender, 54321n], account });
const receipt = await reader.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
const logs = await reader.getContractEvents({ ...token, eventName: "Approval", fromBlock: 0n });

let reason = null;
try {
  const args = [spender, 1n, "0x" + "00".repeat(32)];
  await reader.simulateContract({ ...token, functionName: "issue", args, account });
} catch (error) {
  const reverted = error instanceof BaseError ? error.walk((one) => one instanceof ContractFunctionRevertedError) : null;
  reason = reverted?.reason ?? null;
}

const typed = {
  domain: { name: "Test", chainId: id, verifyingContract: address },
  types: { Note: [{ name: "to", type: "address" }, { name: "amount", type: "uint256" }] },
  primaryType: "Note",
  message: { to: spender, amount: 7n },
};
const signature = await wallet.signTypedData(typed);

await tester.setBalance({ address: spender, value: 9n });
await tester.mine({ blocks: 2 });
await tester.increaseTime({ seconds: 60 });

console.log(JSON.stringify({
  chain_id: id,
  name: await reader.readContract({ ...token, functionName: "name" }),
  status: receipt.status,
  allowance: Number(await reader.readContract({ ...token, functionName: "allowance", args: [account.address, spender] })),
  events: logs.length,
  watched: await watched,
  reason,
  typed: await verifyTypedData({ ...typed, address: account.address, signature }),
  amended: Number(await reader.getBalance({ address: spender })),
  estimated: Number(await reader.estimateFeesPerGas().then((fees) => fees.maxFeePerGas)) >= 0,
}));
process.exit(0);
